/** The two-sided 95 % point of the standard normal: P(|Z| > 1.959963984540054) = 0.05. */
export const STANDARD_NORMAL_95 = 1.959963984540054;
