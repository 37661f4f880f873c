/** The method and full URL of a request, with the path emphasized. */
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';

/** Shows the request line. */
export function RequestLine({ method, url }: { method: string; url: string }) {
  const target = splitTarget(url);
  return (
    <div className="rounded-md border border-line bg-page p-3 font-mono text-sm">
      <strong className="mr-2">{method}</strong>
      <Visible text={target.origin} />
      <strong>
        <Visible text={target.path} />
      </strong>
      {target.rawQuery !== '' && <Visible text={`?${target.rawQuery}`} />}
    </div>
  );
}
