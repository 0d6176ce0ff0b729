import { jsonAnswer } from '../answer.ts';
import { ApiError, badField } from '../api-error.ts';
import type { Call, Endpoint } from '../call.ts';
import type { StoredFile } from '../credits.ts';
import { requireFile } from '../form.ts';

const FILES_MAX = 1000;

export const createFile: Endpoint = {
  method: 'POST',
  path: '/v1/files',
  body: 'form',
  isMetered: false,
  answer({ account, form, id, createdAt }) {
    const upload = requireFile(form, 'file');
    const purpose = form.fields['purpose'];
    if (purpose === undefined) throw badField('purpose', "'purpose' is required.");
    if (account.files.size >= FILES_MAX) {
      throw new ApiError(400, `A credential keeps at most ${FILES_MAX} files here.`);
    }
    const object = {
      id: `file-sandbox-${id}`,
      object: 'file',
      bytes: upload.bytes.length,
      created_at: createdAt,
      filename: upload.name,
      purpose,
      status: 'processed',
    };
    account.files.set(object.id, { id: object.id, object, bytes: upload.bytes });
    return jsonAnswer(object);
  },
};

export const listFiles: Endpoint = {
  method: 'GET',
  path: '/v1/files',
  body: 'none',
  isMetered: false,
  answer: ({ account }) =>
    jsonAnswer(listOf([...account.files.values()].map((each) => each.object))),
};

export const getFile: Endpoint = {
  method: 'GET',
  path: '/v1/files/:file',
  body: 'none',
  isMetered: false,
  answer: (call) => jsonAnswer(storedFile(call).object),
};

export const getFileContent: Endpoint = {
  method: 'GET',
  path: '/v1/files/:file/content',
  body: 'none',
  isMetered: false,
  answer: (call) => ({
    ...jsonAnswer({}),
    body: {
      kind: 'bytes',
      contentType: 'application/octet-stream',
      bytes: storedFile(call).bytes,
    },
  }),
};

export const deleteFile: Endpoint = {
  method: 'DELETE',
  path: '/v1/files/:file',
  body: 'none',
  isMetered: false,
  answer(call) {
    const { id } = storedFile(call);
    call.account.files.delete(id);
    return jsonAnswer({ id, object: 'file', deleted: true });
  },
};

/** OpenAI's list envelope. */
export function listOf(rows: readonly object[]): Record<string, unknown> {
  return { object: 'list', data: rows, has_more: false };
}

function storedFile(call: Call): StoredFile {
  const id = call.params['file'] ?? '';
  const file = call.account.files.get(id);
  if (file === undefined) throw new ApiError(404, `No such File object: ${id}`, { param: 'id' });
  return file;
}
