/** What a reader of an event stream hands on. `id`: the last one seen when the event was handed on. */
export interface Message {
  event: string;
  data: string;
  id: string;
}

interface Vector {
  /** As the web platform's tests of EventSource call the case. */
  name: string;
  bytes: string;
  messages: Message[];
  /** It ends within an event, which is then never handed on. */
  unfinished?: true;
}

const message = (data: string, more: Partial<Message> = {}): Message => ({
  event: 'message',
  data,
  id: '',
  ...more,
});
const BOM = '\ufeff';
const long = 'x'.repeat(2_048);

/**
 * The cases of the web platform's tests of EventSource that are about bytes, with what the HTML standard says a
 * reader makes of them. They judge the readers; what they have in common is what our encoder may write.
 */
export const VECTORS: readonly Vector[] = [
  {
    name: 'format-bom',
    bytes: `${BOM}data:1\n\n${BOM}data:2\n\ndata:3\n\n`,
    messages: [message('1'), message('3')],
  },
  {
    name: 'format-bom-2',
    bytes: `${BOM}${BOM}data:1\n\ndata:2\n\ndata:3\n\n`,
    messages: [message('2'), message('3')],
  },
  {
    name: 'format-comments',
    bytes: `data:1\r:\0\n:\r\ndata:2\n:${long}\rdata:3\n:data:fail\r:${long}\ndata:4\n\n`,
    messages: [message('1\n2\n3\n4')],
  },
  {
    name: 'format-data-before-final-empty-line',
    bytes: 'retry:1000\ndata:test1\n\nid:test\ndata:test2',
    messages: [message('test1')],
    unfinished: true,
  },
  {
    name: 'format-field-data',
    bytes: 'data:\n\ndata\ndata\n\ndata:test\n\n',
    messages: [message(''), message('\n'), message('test')],
  },
  {
    name: 'format-field-event',
    bytes: 'event:test\ndata:x\n\ndata:x\n\n',
    messages: [message('x', { event: 'test' }), message('x')],
  },
  { name: 'format-field-event-empty', bytes: 'event: \ndata:data\n\n', messages: [message('data')] },
  { name: 'format-field-id', bytes: 'id: 7\ndata:x\n\n', messages: [message('x', { id: '7' })] },
  {
    name: 'format-field-id-2',
    bytes: 'id: 7\ndata:x\n\ndata:y\n\n',
    messages: [message('x', { id: '7' }), message('y', { id: '7' })],
  },
  {
    name: 'format-field-id-3',
    bytes: 'id: 7\ndata:x\n\nid\ndata:y\n\n',
    messages: [message('x', { id: '7' }), message('y')],
  },
  {
    name: 'format-field-id-null',
    bytes: 'id: 7\ndata:x\n\nid: 8\0\ndata:y\n\n',
    messages: [message('x', { id: '7' }), message('y', { id: '7' })],
  },
  {
    name: 'format-field-parsing',
    bytes:
      'data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n',
    messages: [message('\0\n 2\n1\n3\n\n4')],
  },
  { name: 'format-field-retry', bytes: 'retry:3000\ndata:x\n\n', messages: [message('x')] },
  {
    name: 'format-field-retry-bogus',
    bytes: 'retry:3000\nretry:1000x\ndata:x\n\n',
    messages: [message('x')],
  },
  { name: 'format-field-retry-empty', bytes: 'retry\ndata:x\n\n', messages: [message('x')] },
  {
    name: 'format-field-unknown',
    bytes: 'data:test\n data\ndata\nother:xxx\nnothing\n:comment\ndata:test\n\n',
    messages: [message('test\n\ntest')],
  },
  {
    name: 'format-leading-space',
    bytes: 'data:\ttest\rdata: \ndata:test\n\n',
    messages: [message('\ttest\n\ntest')],
  },
  {
    name: 'format-newlines',
    bytes: 'data:test\r\ndata\ndata:test\r\n\r\n',
    messages: [message('test\n\ntest')],
  },
  { name: 'format-null-character', bytes: 'data:\0\n\n\n\n', messages: [message('\0')] },
  { name: 'format-utf-8', bytes: 'data:ok…😀\n\n', messages: [message('ok…😀')] },
  {
    name: 'event-data',
    bytes: 'data:msg\ndata: msg\n\n:\nfalsefield:msg\n\ndata\n\ndata:end\n\n',
    messages: [message('msg\nmsg'), message(''), message('end')],
  },
];

/** Texts that broke a reader or an encoder somewhere, and the bytes of every vector, to be carried as content. */
export const TEXTS: readonly { name: string; text: string }[] = [
  ...VECTORS.map(({ name, bytes }) => ({ name, text: bytes })),
  { name: 'CR alone', text: 'a\rid: 9\rdata: {}\r\r' },
  { name: 'LF alone', text: 'a\nid: 9\ndata: {}\n\n' },
  { name: 'CR LF', text: 'a\r\nid: 9\r\ndata: {}\r\n\r\n' },
  { name: 'NUL', text: 'a\0b' },
  { name: 'next line, line and paragraph separator', text: 'a\u0085b\u2028c\u2029d' },
  { name: 'the other line ends of Python', text: 'a\u000bb\u000cc\u001cd\u001de\u001ef' },
  { name: 'delete and C1 controls', text: '\u007f\u0080\u009f' },
  { name: 'half of a surrogate pair', text: 'a\ud83db\ude00c' },
  { name: 'quotes and backslashes', text: '"\\"\\\\u2028' },
  { name: 'empty', text: '' },
  { name: 'one megabyte', text: 'é\u2028'.repeat(200_000) },
];

/** PostgreSQL keeps neither NUL nor half of a pair; such texts are refused before they get there. */
export const isStorable = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);
