export { chooseSearched } from './choose-searched.ts';
export { cutAttribute } from './cut-attribute.ts';
export { declareBands } from './declare-bands.ts';
export { declareMode } from './declare-mode.ts';
export { listAttributes } from './list-attributes.ts';
export { recordSetting } from './record-setting.ts';
