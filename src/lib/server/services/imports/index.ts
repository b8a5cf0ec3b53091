export { cancelImport, startImport } from './start-import.ts';
export { checkImport } from './check-import.ts';
export { getImport, getImportDetail, importEvents, listImports } from './get-import.ts';
export { createImportRunner, type ImportRunner } from './import-runner.ts';
export { readMappingForm, type MappingForm } from './read-mapping-form.ts';
export { receiveUpload } from './receive-upload.ts';
export { storeUpload } from './store-upload.ts';
export { isAtRest, watchImport } from './watch-import.ts';
