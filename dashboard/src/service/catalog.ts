/** Templates for common APIs. They only prefill the form. */
import type { AuthType } from '#/client';

/** A template for a service. */
export interface Template {
  name: string;
  /** The purpose of the API, in a few words. */
  description: string;
  /** The operator replaces a part that begins with `YOUR-`. */
  baseUrl: string;
  authType: AuthType;
  /** The fields of the credential that are the same for everyone. */
  values: Readonly<Record<string, string>>;
  /** Which key to use. */
  keyHint: string;
  /** The page that creates the key. */
  keyUrl: string;
  /** The URL of a document that the gateway can parse. */
  documentUrl?: string;
  /** A path that reads a little and requires the credential. */
  testPath?: string;
  /** Operations that are hard to undo. */
  dangers: readonly string[];
}

/** Returns two letters that identify a template, in place of a logo. */
export function monogram(name: string): string {
  const capitals = name.match(/\p{Lu}/gu) ?? [];
  return capitals.length > 1 ? capitals.slice(0, 2).join('') : name.slice(0, 2);
}

/** Stands for a service without a template, where a template is named. */
export const CUSTOM = 'custom';

/** The catalog, by name. */
export const CATALOG: readonly Template[] = [
  {
    name: 'Airtable',
    description: 'Tables and records',
    baseUrl: 'https://api.airtable.com/v0',
    authType: 'bearer',
    values: {},
    keyHint: 'A personal access token with only the scopes and bases that agents need.',
    keyUrl: 'https://airtable.com/create/tokens',
    testPath: '/meta/whoami',
    dangers: ['Deleting records', 'Overwriting whole records with PUT', 'Changing the schema'],
  },
  {
    name: 'Amazon S3',
    description: 'Buckets and objects',
    baseUrl: 'https://s3.YOUR-REGION.amazonaws.com',
    authType: 'aws_sigv4',
    values: {},
    keyHint: 'The access key of an IAM user that may only use the buckets that agents need.',
    keyUrl: 'https://console.aws.amazon.com/iam/home#/users',
    testPath: '/',
    dangers: ['Deleting objects and buckets', 'Making a bucket public', 'Overwriting objects'],
  },
  {
    name: 'Anthropic',
    description: 'Language models',
    baseUrl: 'https://api.anthropic.com/v1',
    authType: 'api_key',
    values: { header: 'x-api-key' },
    keyHint: 'An API key for a workspace with a spending limit.',
    keyUrl: 'https://platform.claude.com/settings/keys',
    dangers: ['Spending: every message is billed', 'Deleting files and message batches'],
  },
  {
    name: 'Asana',
    description: 'Tasks and projects',
    baseUrl: 'https://app.asana.com/api/1.0',
    authType: 'bearer',
    values: {},
    keyHint: 'A personal access token. It has all permissions of its user.',
    keyUrl: 'https://app.asana.com/0/my-apps',
    documentUrl: 'https://raw.githubusercontent.com/Asana/openapi/master/defs/asana_oas.yaml',
    testPath: '/users/me',
    dangers: ['Deleting tasks and projects', 'Changing team membership'],
  },
  {
    name: 'Cloudflare',
    description: 'DNS, caching, workers',
    baseUrl: 'https://api.cloudflare.com/client/v4',
    authType: 'bearer',
    values: {},
    keyHint: 'An API token limited to the zones that agents need, never the global key.',
    keyUrl: 'https://dash.cloudflare.com/profile/api-tokens',
    testPath: '/user/tokens/verify',
    dangers: [
      'Changing or deleting DNS records takes sites offline',
      'Purging caches',
      'Deploying and deleting workers',
    ],
  },
  {
    name: 'DigitalOcean',
    description: 'Servers, databases, storage',
    baseUrl: 'https://api.digitalocean.com/v2',
    authType: 'bearer',
    values: {},
    keyHint: 'A personal access token with custom scopes.',
    keyUrl: 'https://cloud.digitalocean.com/account/api/tokens',
    testPath: '/account',
    dangers: ['Destroying droplets, volumes, and databases', 'Creating resources that cost money'],
  },
  {
    name: 'Discord',
    description: 'Chat, as a bot',
    baseUrl: 'https://discord.com/api/v10',
    authType: 'api_key',
    values: { header: 'Authorization' },
    keyHint: 'The bot’s token, prefixed with “Bot ”.',
    keyUrl: 'https://discord.com/developers/applications',
    documentUrl:
      'https://raw.githubusercontent.com/discord/discord-api-spec/main/specs/openapi.json',
    testPath: '/users/@me',
    dangers: ['Messages visible to everyone', 'Banning members', 'Deleting channels and roles'],
  },
  {
    name: 'GitHub',
    description: 'Code, issues, pull requests',
    baseUrl: 'https://api.github.com',
    authType: 'bearer',
    values: {},
    keyHint: 'A fine-grained personal access token for the repositories that agents need.',
    keyUrl: 'https://github.com/settings/personal-access-tokens',
    documentUrl:
      'https://raw.githubusercontent.com/github/rest-api-description/main/descriptions/api.github.com/api.github.com.json',
    testPath: '/user',
    dangers: [
      'Merging and pushing to protected branches',
      'Deleting repositories, branches, and releases',
      'Changing secrets, hooks, and collaborators',
    ],
  },
  {
    name: 'GitLab',
    description: 'Code, issues, pipelines',
    baseUrl: 'https://gitlab.com/api/v4',
    authType: 'api_key',
    values: { header: 'PRIVATE-TOKEN' },
    keyHint: 'A project or group access token with the lowest sufficient role.',
    keyUrl: 'https://gitlab.com/-/user_settings/personal_access_tokens',
    testPath: '/user',
    dangers: [
      'Merging, pushing, deleting branches and projects',
      'Changing CI variables and members',
      'Starting pipelines that deploy',
    ],
  },
  {
    name: 'Gmail',
    description: 'Email',
    baseUrl: 'https://gmail.googleapis.com/gmail/v1',
    authType: 'oauth2',
    values: { token_url: 'https://oauth2.googleapis.com/token' },
    keyHint: 'An OAuth client with a refresh token, with gmail.readonly if reading is enough.',
    keyUrl: 'https://console.cloud.google.com/apis/credentials',
    testPath: '/users/me/profile',
    dangers: [
      'Sent email cannot be recalled',
      'Deleting email permanently',
      'Forwarding rules and filters',
    ],
  },
  {
    name: 'Google Calendar',
    description: 'Events and invitations',
    baseUrl: 'https://www.googleapis.com/calendar/v3',
    authType: 'oauth2',
    values: { token_url: 'https://oauth2.googleapis.com/token' },
    keyHint: 'An OAuth client with a refresh token for the calendar.events scope.',
    keyUrl: 'https://console.cloud.google.com/apis/credentials',
    testPath: '/users/me/calendarList',
    dangers: ['Invitations sent by email', 'Deleting events and calendars'],
  },
  {
    name: 'HubSpot',
    description: 'Customers and deals',
    baseUrl: 'https://api.hubapi.com',
    authType: 'bearer',
    values: {},
    keyHint: 'The access token of a private app with the scopes that agents need.',
    keyUrl: 'https://app.hubspot.com/private-apps',
    testPath: '/account-info/v3/details',
    dangers: ['Email to customers', 'Deleting and merging contacts', 'Batch updates'],
  },
  {
    name: 'Jira',
    description: 'Issues and projects',
    baseUrl: 'https://YOUR-SITE.atlassian.net/rest/api/3',
    authType: 'basic',
    values: {},
    keyHint: 'Your email address as the username, an API token as the password.',
    keyUrl: 'https://id.atlassian.com/manage-profile/security/api-tokens',
    documentUrl: 'https://developer.atlassian.com/cloud/jira/platform/swagger-v3.v3.json',
    testPath: '/myself',
    dangers: ['Deleting issues and projects', 'Changing permissions', 'Bulk operations'],
  },
  {
    name: 'Linear',
    description: 'Issues, over GraphQL',
    baseUrl: 'https://api.linear.app',
    authType: 'api_key',
    values: { header: 'Authorization' },
    keyHint: 'A personal API key, without a prefix.',
    keyUrl: 'https://linear.app/settings/account/security',
    dangers: ['Mutations that delete or archive', 'Changing teams and their members'],
  },
  {
    name: 'Notion',
    description: 'Pages and databases',
    baseUrl: 'https://api.notion.com/v1',
    authType: 'bearer',
    values: {},
    keyHint: 'The secret of an internal integration; share only the pages that agents need.',
    keyUrl: 'https://www.notion.so/profile/integrations',
    dangers: ['Archiving pages and blocks', 'Changing a database’s properties'],
  },
  {
    name: 'OpenAI',
    description: 'Language models',
    baseUrl: 'https://api.openai.com/v1',
    authType: 'bearer',
    values: {},
    keyHint: 'A project key with restricted permissions, for a project with a budget.',
    keyUrl: 'https://platform.openai.com/api-keys',
    testPath: '/models',
    dangers: ['Spending: every response is billed', 'Deleting files and fine-tuned models'],
  },
  {
    name: 'OpenWeather',
    description: 'Weather',
    baseUrl: 'https://api.openweathermap.org/data/2.5',
    authType: 'query',
    values: { param: 'appid' },
    keyHint: 'An API key, sent in the query.',
    keyUrl: 'https://home.openweathermap.org/api_keys',
    testPath: '/weather?q=Paris',
    dangers: ['Using up the plan’s quota'],
  },
  {
    name: 'PagerDuty',
    description: 'Incidents and on-call',
    baseUrl: 'https://api.pagerduty.com',
    authType: 'api_key',
    values: { header: 'Authorization' },
    keyHint: 'An API key in the form “Token token=KEY”, read-only if possible.',
    keyUrl: 'https://support.pagerduty.com/main/docs/api-access-keys',
    testPath: '/abilities',
    dangers: ['Paging people on call', 'Resolving ongoing incidents', 'Changing schedules'],
  },
  {
    name: 'SendGrid',
    description: 'Email to customers',
    baseUrl: 'https://api.sendgrid.com',
    authType: 'bearer',
    values: {},
    keyHint: 'An API key with restricted access.',
    keyUrl: 'https://app.sendgrid.com/settings/api_keys',
    documentUrl:
      'https://raw.githubusercontent.com/twilio/sendgrid-oai/main/spec/json/tsg_mail_v3.json',
    testPath: '/v3/scopes',
    dangers: ['Sent email cannot be recalled', 'Sending to whole lists', 'Deleting lists'],
  },
  {
    name: 'Sentry',
    description: 'Errors and releases',
    baseUrl: 'https://sentry.io/api/0',
    authType: 'bearer',
    values: {},
    keyHint: 'The token of an internal integration with read-only scopes if possible.',
    keyUrl: 'https://sentry.io/settings/auth-tokens/',
    testPath: '/projects/',
    dangers: ['Deleting projects and issues', 'Resolving issues in bulk'],
  },
  {
    name: 'Shopify',
    description: 'Orders and products',
    baseUrl: 'https://YOUR-STORE.myshopify.com/admin/api/2025-10',
    authType: 'api_key',
    values: { header: 'X-Shopify-Access-Token' },
    keyHint: 'The Admin API token of a custom app with the scopes that agents need.',
    keyUrl: 'https://help.shopify.com/en/manual/apps/app-types/custom-apps',
    testPath: '/shop.json',
    dangers: ['Refunds and canceled orders', 'Prices and stock', 'Deleting products'],
  },
  {
    name: 'Slack',
    description: 'Chat',
    baseUrl: 'https://slack.com/api',
    authType: 'bearer',
    values: {},
    keyHint: 'The bot token (xoxb-…) of an app with the scopes that agents need.',
    keyUrl: 'https://api.slack.com/apps',
    documentUrl:
      'https://raw.githubusercontent.com/slackapi/slack-api-specs/master/web-api/slack_web_openapi_v2.json',
    testPath: '/auth.test',
    dangers: [
      'Messages visible to everyone',
      'Deleting messages and files',
      'Most methods use POST, even for reading',
    ],
  },
  {
    name: 'Stripe',
    description: 'Payments',
    baseUrl: 'https://api.stripe.com',
    authType: 'bearer',
    values: {},
    keyHint: 'A restricted key (rk_…). Start in test mode.',
    keyUrl: 'https://dashboard.stripe.com/apikeys',
    documentUrl: 'https://raw.githubusercontent.com/stripe/openapi/master/openapi/spec3.json',
    testPath: '/v1/balance',
    dangers: [
      'Charges, refunds, transfers, and payouts move real money',
      'Amounts are in the smallest unit: 5000 is $50.00',
      'Canceling subscriptions',
    ],
  },
  {
    name: 'Twilio',
    description: 'Text messages and calls',
    baseUrl: 'https://api.twilio.com',
    authType: 'basic',
    values: {},
    keyHint: 'An API key’s SID as the username, its secret as the password.',
    keyUrl: 'https://console.twilio.com/us1/account/keys-credentials/api-keys',
    documentUrl:
      'https://raw.githubusercontent.com/twilio/twilio-oai/main/spec/json/twilio_api_v2010.json',
    testPath: '/2010-04-01/Accounts.json',
    dangers: ['Messages and calls cost money and reach people', 'Buying and releasing numbers'],
  },
  {
    name: 'Vercel',
    description: 'Deployments',
    baseUrl: 'https://api.vercel.com',
    authType: 'bearer',
    values: {},
    keyHint: 'An access token limited to one team, with an expiry date.',
    keyUrl: 'https://vercel.com/account/settings/tokens',
    documentUrl: 'https://openapi.vercel.sh',
    testPath: '/v2/user',
    dangers: ['Promoting and deleting deployments', 'Changing environment variables and domains'],
  },
];
