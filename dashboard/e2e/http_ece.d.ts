/** The part of the package that the tests use. It has no declarations of its own. */
declare module 'http_ece' {
  import type { ECDH } from 'node:crypto';

  export default ece;
  declare const ece: {
    decrypt(
      body: Buffer,
      options: { version: 'aes128gcm'; privateKey: ECDH; authSecret: string },
    ): Buffer;
  };
}
