export { EXPORT_FORMATS, exportOutcomes, type ExportFormat } from './export-outcomes.ts';
export { OWN_ID_PREFIX, toOutcomeLine, type OutcomeLine } from './outcome-line.ts';
export { streamExport, type StreamOptions } from './stream-export.ts';
