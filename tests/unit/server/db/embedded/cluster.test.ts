import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderOf, identityOfCluster } from '#lib/server/db/embedded/cluster.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'telltale-cluster-'));
  mkdirSync(join(dataDir, 'postgres', 'global'), { recursive: true });
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const identity = (folder = dataDir) => identityOfCluster(folderOf(folder));
const control = () => join(dataDir, 'postgres', 'global', 'pg_control');

describe('the identity of a folder', () => {
  it('lasts when the folder is used and moved, and is another in a copy that is put back', () => {
    writeFileSync(control(), 'one');
    const first = identity();
    expect(first).toMatch(/^\d+@\d+$/);
    writeFileSync(control(), 'two', { flag: 'r+' });
    const moved = `${dataDir}-moved`;
    renameSync(dataDir, moved);
    expect(identity(moved)).toBe(first);
    cpSync(moved, dataDir, { recursive: true, preserveTimestamps: true });
    rmSync(moved, { recursive: true });
    expect(identity()).not.toBe(first);
  });

  it.runIf(process.platform === 'linux')('is not told where files have no time of birth', () => {
    symlinkSync('/proc/version', control());
    expect(identity()).toBeNull();
  });
});
