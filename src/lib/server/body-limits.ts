/** The largest body of a request to `/api/`, whatever a proxy lets through. */
export const MAX_API_BODY_BYTES = 16 * 1024 * 1024;
/** The largest form of a page; an import's file is the exception (`MAX_IMPORT_BYTES`). */
export const MAX_FORM_BYTES = 1024 * 1024;
