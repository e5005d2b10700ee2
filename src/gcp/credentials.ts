import { type AuthClient, GoogleAuth } from 'google-auth-library';
import { TransientError, UserError } from '../errors.ts';

/** Application Default Credentials: a key file, `gcloud auth application-default login`, or the metadata server. */
export interface Credentials {
  /** Headers that carry a valid token; cached and refreshed by the library. Throws TransientError when no token is to be had. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Throws away what was refused and looks for credentials anew; callers at the same time share one look. */
  renew(refused: Readonly<Record<string, string>>): Promise<void>;
}

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

export const remedy =
  'Run `gcloud auth application-default login`, or point GOOGLE_APPLICATION_CREDENTIALS at a key or federation file, or run where a service account is attached';

/**
 * Finds credentials and fetches a first token. Missing, expired or refused ones are a UserError of one line.
 * Verified here and nowhere else: an API client that finds none crashes the process from inside. The project is said,
 * or the library runs `gcloud` to learn it.
 */
export async function findCredentials(projectId: string): Promise<Credentials> {
  let client: AuthClient;
  let current: Readonly<Record<string, string>>;
  try {
    client = await new GoogleAuth({ scopes, projectId }).getClient();
    current = await headersOf(client);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const line = words.replace(/\s+/g, ' ').trim().slice(0, 300);
    throw new UserError(`No credentials for Google Cloud: ${line} ${remedy}.`, { cause: error });
  }
  let renewal: Promise<void> | undefined;

  async function findAgain(): Promise<void> {
    try {
      client = await new GoogleAuth({ scopes, projectId }).getClient();
      // Fetched here, so that a call that is refused a little later sees that the token is another one already.
      current = await headersOf(client);
    } catch (error) {
      throw new TransientError('No new credentials for Google Cloud could be had.', { cause: error });
    }
  }

  return {
    async headers() {
      try {
        const asked = client;
        const headers = await headersOf(asked);
        if (asked === client) current = headers;
        return headers;
      } catch (error) {
        throw new TransientError('No access token for Google Cloud could be had.', { cause: error });
      }
    },
    async renew(refused) {
      // Another call may have renewed while this one was under way.
      if (refused.authorization !== current.authorization) return;
      renewal ??= findAgain().finally(() => {
        renewal = undefined;
      });
      await renewal;
    },
  };
}

async function headersOf(client: AuthClient): Promise<Readonly<Record<string, string>>> {
  const headers = await client.getRequestHeaders();
  return Object.fromEntries(headers.entries());
}
