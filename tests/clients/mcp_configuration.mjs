// Connects to every server of an MCP configuration, as a program that reads `.mcp.json` does. Node.js reads this from
// standard input, in the folder of the packages. CONFIGURATION is the JSON; `${NAME}` in it is an environment variable.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { CONFIGURATION, PATH } = process.env;
const expanded = (value) =>
  JSON.parse(JSON.stringify(value), (_, member) =>
    typeof member === "string"
      ? member.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (whole, name, otherwise) => {
          const found = process.env[name] ?? otherwise;
          if (found === undefined) throw new Error(`${whole} is not set`);
          return found;
        })
      : member,
  );

function transport({ type, url, headers, command, args, env, ...unknown }) {
  const others = Object.keys(unknown);
  if (others.length > 0) throw new Error(`unknown members: ${others}`);
  if (command !== undefined) {
    if (type !== undefined && type !== "stdio") throw new Error(`${type} with a command`);
    return new StdioClientTransport({ command, args, env: { PATH, ...env } });
  }
  if (type !== undefined && type !== "http") throw new Error(`${type} with a URL`);
  return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
}

const { mcpServers, ...unknown } = JSON.parse(CONFIGURATION);
if (Object.keys(unknown).length > 0) throw new Error("more than mcpServers");
const results = {};
for (const [name, server] of Object.entries(expanded(mcpServers))) {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport(server));
  const { tools } = await client.listTools();
  const services = await client.callTool({ name: "list_services", arguments: {} });
  results[name] = { tools: tools.map((tool) => tool.name), services: services.structuredContent.services };
  await client.close();
}
console.log(JSON.stringify(results));
