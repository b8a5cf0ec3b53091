export { appendAccessChanged, appendWorkspaceChanged } from './append-workspace-changed.ts';
export { createWorkspace } from './create-workspace.ts';
export { findWorkspace } from './find-workspace.ts';
export { listAllWorkspaces } from './list-all-workspaces.ts';
export { insertWorkspace } from './insert-workspace.ts';
export { listWorkspaces, type OwnWorkspace } from './list-workspaces.ts';
export { updateWorkspace } from './update-workspace.ts';
