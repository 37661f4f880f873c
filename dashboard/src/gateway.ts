/** Where the gateway is: at the root of its host, or below a path of a reverse proxy. */

/** The path of the gateway's URL, without a slash at its end. The gateway writes it into the page. */
export const GATEWAY_PATH = pathOf(
  typeof document === 'undefined'
    ? null
    : document.querySelector<HTMLMetaElement>('meta[name="gateway"]'),
);

function pathOf(meta: HTMLMetaElement | null): string {
  return (meta?.content ?? '/').replace(/\/$/, '');
}

/** Returns the URL of the gateway, without a slash at its end. */
export function gatewayUrl(): string {
  return `${window.location.origin}${GATEWAY_PATH}`;
}

/** Returns the address of a file or page of the dashboard. */
export function appPath(file: string): string {
  return `${GATEWAY_PATH}/app/${file}`;
}
