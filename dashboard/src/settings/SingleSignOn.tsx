/** The connection of the account to single sign-on. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { beginLinkingMutation, getRegistrationOptions } from '#/client/@tanstack/react-query.gen';
import { rememberLinking } from '#/session/session';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';

/** Shows a button that connects the account, if single sign-on is configured. */
export function SingleSignOn() {
  const ways = useQuery(getRegistrationOptions());
  const begin = useMutation({
    ...beginLinkingMutation(),
    onSuccess: ({ authorizationUrl }) => {
      rememberLinking();
      window.location.assign(authorizationUrl);
    },
  });
  const name = ways.data?.singleSignOn;
  if (!name) return null;
  return (
    <div className="mt-4 space-y-2">
      <p className="text-sm text-soft">
        Connect your account so that you can also sign in with <Visible text={name} />.
      </p>
      <Button isBusy={begin.isPending} onClick={() => begin.mutate({ body: {} })}>
        Connect to single sign-on…
      </Button>
      <Failure error={begin.error} />
    </div>
  );
}
