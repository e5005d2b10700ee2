import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageFault } from '../errors.ts';

/** An object as it lies on disk. */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly file: string;
  readonly size: number;
  /** Microseconds since 1970, as in the real service; here the file's time of change. */
  readonly generation: string;
  readonly updated: string;
  readonly contentType: string;
}

/**
 * Buckets as folders: `<dataDir>/<bucket>/<object>`. What another program writes there is an object at once, which is
 * how pipeline components store their outputs without a client library.
 */
export interface Disk {
  hasBucket(bucket: string): Promise<boolean>;
  find(bucket: string, name: string): Promise<StoredObject | undefined>;
  /** All objects of a bucket in the order of their names' UTF-8 bytes. */
  list(bucket: string): Promise<readonly StoredObject[]>;
  write(bucket: string, name: string, bytes: Buffer, contentType: string): Promise<StoredObject>;
  remove(object: StoredObject): Promise<void>;
  md5(object: StoredObject): Promise<string>;
}

export function createDisk(dataDir: string): Disk {
  const contentTypes = new Map<string, string>();
  const hashes = new Map<string, string>();

  function folderOf(bucket: string): string {
    if (!/^[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]$/.test(bucket))
      throw new StorageFault(400, 'invalid', `Invalid bucket name: '${bucket}'`);
    return path.join(dataDir, bucket);
  }

  function fileOf(bucket: string, name: string): string {
    const parts = name.split('/');
    // The real service takes these names; folders on a disk cannot hold them.
    if (name === '' || parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
      throw new StorageFault(400, 'invalid', `The emulator cannot store an object named '${name}'.`);
    return path.join(folderOf(bucket), ...parts);
  }

  async function find(bucket: string, name: string): Promise<StoredObject | undefined> {
    const file = fileOf(bucket, name);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    return {
      bucket,
      name,
      file,
      size: found.size,
      generation: String(Math.round(found.mtimeMs * 1000)),
      updated: found.mtime.toISOString(),
      contentType: contentTypes.get(`${bucket}/${name}`) ?? guessType(name),
    };
  }

  return {
    find,
    hasBucket: async (bucket) => (await stat(folderOf(bucket)).catch(() => undefined))?.isDirectory() ?? false,
    async list(bucket) {
      const root = folderOf(bucket);
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      const names = entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const objects = await Promise.all(names.map((name) => find(bucket, name)));
      return objects.filter((object) => object !== undefined);
    },
    async write(bucket, name, bytes, contentType) {
      const file = fileOf(bucket, name);
      const half = path.join(dataDir, '.uploads', `${process.pid}-${Math.random().toString(36).slice(2)}`);
      await mkdir(path.dirname(half), { recursive: true });
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(half, bytes);
      // An object appears whole or not at all.
      await rename(half, file);
      contentTypes.set(`${bucket}/${name}`, contentType);
      const written = await find(bucket, name);
      if (written === undefined) throw new StorageFault(500, 'backendError', 'Backend Error');
      return written;
    },
    async remove(object) {
      await rm(object.file);
      contentTypes.delete(`${object.bucket}/${object.name}`);
    },
    async md5(object) {
      const key = `${object.file}@${object.generation}`;
      const known =
        hashes.get(key) ??
        createHash('md5')
          .update(await readFile(object.file))
          .digest('base64');
      hashes.set(key, known);
      return known;
    },
  };
}

function guessType(name: string): string {
  const known: Readonly<Record<string, string>> = {
    '.json': 'application/json',
    '.csv': 'text/csv',
    '.txt': 'text/plain',
  };
  return known[path.extname(name)] ?? 'application/octet-stream';
}
