/** What an approver may want to know beyond the request itself, in one file that is loaded on demand. */
export { Documentation } from './Documentation';
export { Provenance } from './Provenance';
export { RecentRequests } from './RecentRequests';
