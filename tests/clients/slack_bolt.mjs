/**
 * Slack's own library for JavaScript: its receiver gets what tests send in the place of Slack, and its Socket Mode client
 * connects to the local server that plays Slack. So what the gateway accepts is what Slack sends.
 *
 * The variable INPUT has {"secret", "bodies", "signed", "socket"}. `signed` is a list of [timestamp, signature], one for
 * each of the bodies and further ones for the same bodies in turn; `socket` is the URL of the local server. Prints what
 * happened as a line of JSON.
 */
import bolt from '@slack/bolt';

const { App, HTTPReceiver, SocketModeReceiver, LogLevel } = bolt;
const { secret, bodies, signed, socket } = JSON.parse(process.env.INPUT);
const authorize = async () => ({ botToken: 'xoxb-secret', botId: 'B1', botUserId: 'UB' });

/** Makes an app that notes what it is given. */
function listening(receiver) {
  const seen = [];
  const app = new App({ receiver, authorize, logLevel: LogLevel.ERROR });
  app.action('approve', async ({ ack, action, body }) => {
    await ack();
    seen.push(['approve', action.value, body.user.id, body.container.message_ts]);
  });
  app.view('deny', async ({ ack, view }) => {
    await ack();
    seen.push(['deny', view.private_metadata, view.state.values.reason.text.value]);
  });
  app.command('/gaiterguard', async ({ ack, command }) => {
    await ack({ response_type: 'ephemeral', text: 'linked' });
    seen.push(['command', command.text, command.user_id]);
  });
  return { app, seen };
}

const http = listening(new HTTPReceiver({ signingSecret: secret, logLevel: LogLevel.ERROR }));
const server = await http.app.start({ port: 0, host: '127.0.0.1' });
const statuses = [];
for (const [at, [timestamp, signature]] of signed.entries()) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/slack/events`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-Slack-Request-Timestamp': timestamp,
      'X-Slack-Signature': signature,
    },
    body: bodies[at % bodies.length],
  });
  statuses.push(response.status);
}
await http.app.stop();

const receiver = new SocketModeReceiver({
  appToken: 'xapp-1-secret',
  logLevel: LogLevel.ERROR,
});
receiver.client.webClient.slackApiUrl = `${socket}/api/`;
const own = listening(receiver);
await own.app.start();
const acknowledgments = [];
for (const body of bodies) {
  const form = new URLSearchParams(body);
  const payload = form.has('payload') ? JSON.parse(form.get('payload')) : Object.fromEntries(form);
  const type = form.has('payload') ? 'interactive' : 'slash_commands';
  const response = await fetch(`${socket}/send`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type, payload }),
  });
  acknowledgments.push(await response.json());
}
await own.app.stop();

console.log(JSON.stringify({ statuses, seen: http.seen, acknowledgments, live: own.seen }));
// Its timers would keep the process for half a minute.
process.exit(0);
