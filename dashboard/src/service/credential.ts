/** The fields of credentials, by type. */
import type { AuthType } from '#/client';

/** A field of a credential. */
export interface CredentialField {
  key: string;
  label: string;
  isSecret: boolean;
  isOptional?: boolean;
  /** Only some providers need it. */
  isSpecial?: boolean;
  /** The value is a form, such as `audience=x&resource=y`, that is sent as an object. */
  isForm?: boolean;
  /** The values to choose from, each with its label. */
  options?: ReadonlyArray<readonly [string, string]>;
  placeholder?: string;
}

/** A set of fields that make up a credential. */
export interface CredentialForm {
  name: string;
  fields: readonly CredentialField[];
}

const secret = (key: string, label: string): CredentialField => ({ key, label, isSecret: true });
const plain = (key: string, label: string, placeholder?: string): CredentialField => ({
  key,
  label,
  isSecret: false,
  ...(placeholder && { placeholder }),
});

/** The forms for each type, the default first. A type without forms takes no credential. */
export const CREDENTIAL_FORMS: Readonly<Record<AuthType, readonly CredentialForm[]>> = {
  none: [],
  bearer: [{ name: 'Token', fields: [secret('token', 'Token')] }],
  basic: [
    { name: 'Password', fields: [plain('username', 'Username'), secret('password', 'Password')] },
  ],
  api_key: [
    {
      name: 'Header',
      fields: [
        { ...plain('header', 'Header', 'X-API-Key'), isOptional: true },
        secret('value', 'Key'),
      ],
    },
  ],
  query: [
    { name: 'Parameter', fields: [plain('param', 'Parameter', 'api_key'), secret('value', 'Key')] },
  ],
  path: [
    {
      name: 'Placeholder',
      fields: [plain('placeholder', 'Placeholder', 'token'), secret('value', 'Key')],
    },
  ],
  oauth2: [
    { name: 'Access token', fields: [secret('access_token', 'Access token')] },
    {
      name: 'Client',
      fields: [
        plain('token_url', 'Token URL', 'https://auth.example.com/oauth/token'),
        plain('client_id', 'Client ID'),
        // A public client does not have one; the gateway says when it is missing.
        { ...secret('client_secret', 'Client secret'), isOptional: true },
        { ...secret('refresh_token', 'Refresh token'), isOptional: true },
        { ...plain('scope', 'Scope'), isOptional: true },
        {
          ...plain('extra', 'Additional form fields', 'audience=https://api.example.com/'),
          isOptional: true,
          isSpecial: true,
          isForm: true,
        },
        {
          ...plain('client_auth', 'Client authentication'),
          isOptional: true,
          isSpecial: true,
          options: [
            ['', 'Detect automatically'],
            ['basic', 'HTTP Basic'],
            ['form', 'In the request body'],
            ['none', 'None: public client'],
          ],
        },
        {
          ...plain('response_pointer', 'JSON Pointer to the token object', '/authed_user'),
          isOptional: true,
          isSpecial: true,
        },
      ],
    },
  ],
  aws_sigv4: [
    {
      name: 'Access key',
      fields: [
        plain('access_key_id', 'Access key ID', 'AKIAIOSFODNN7EXAMPLE'),
        secret('secret_access_key', 'Secret access key'),
        { ...secret('session_token', 'Session token'), isOptional: true },
        { ...plain('region', 'Region', 'eu-central-1'), isOptional: true },
        { ...plain('service', 'Signing name of the service', 's3'), isOptional: true },
      ],
    },
  ],
};

/** The types with their labels. */
export const AUTH_TYPES: ReadonlyArray<readonly [AuthType, string]> = [
  ['bearer', 'Bearer token'],
  ['api_key', 'API key in a header'],
  ['basic', 'Username and password (Basic)'],
  ['query', 'API key in the query'],
  ['path', 'API key in the path'],
  ['oauth2', 'OAuth 2.0'],
  ['aws_sigv4', 'AWS Signature Version 4'],
  ['none', 'None'],
];

/** Returns the label of a type. */
export function authTypeName(type: AuthType): string {
  return AUTH_TYPES.find(([value]) => value === type)?.[1] ?? type;
}

/** Returns the values to send: those of the form, without empty ones; null if there are none. */
export function credentialValues(
  form: CredentialForm | undefined,
  typed: Readonly<Record<string, string>>,
): Record<string, string | Record<string, string>> | null {
  const values = (form?.fields ?? [])
    .filter(({ key }) => (typed[key] ?? '') !== '')
    .map(({ key, isForm }) => {
      const value = typed[key] ?? '';
      return [key, isForm ? Object.fromEntries(new URLSearchParams(value)) : value] as const;
    });
  return values.length > 0 ? Object.fromEntries(values) : null;
}
