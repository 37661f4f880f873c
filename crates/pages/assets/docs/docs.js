// Renders /openapi.json as a page. All content is inserted as text, never as HTML.

const METHODS = ["get", "post", "put", "patch", "delete"];

const main = document.getElementById("operations");
const contents = document.getElementById("contents");
const search = document.getElementById("search");

/** Creates an element with attributes and children; strings become text nodes. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Converts `code` in a text to elements. */
function prose(text) {
  const pieces = String(text ?? "").split("`");
  return pieces.map((piece, index) => (index % 2 ? element("code", {}, piece) : piece));
}

function paragraphs(text) {
  return String(text ?? "")
    .split("\n\n")
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => element("p", {}, ...prose(paragraph)));
}

/** Resolves the reference of a schema; returns the schema and its name. */
function resolve(api, schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { name, schema: api.components.schemas[name] ?? {} } : { schema: schema ?? {} };
}

/** Describes the values that a schema allows. */
function kind(api, given) {
  const { name, schema } = resolve(api, given);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return [...new Set(choices.map((choice) => kind(api, choice)))].join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [schema.type ?? "any"].flat();
  const words = types.map((type) => {
    if (type === "array") return `list of ${kind(api, schema.items)}`;
    if (type === "object" && name) return name;
    return schema.format && type !== "null" ? `${type} (${schema.format})` : type;
  });
  const bounds = [
    ["at least", schema.minimum],
    ["at most", schema.maximum],
    ["from", schema.minLength, "characters"],
    ["up to", schema.maxLength, "characters"],
  ].filter(([, bound]) => bound !== undefined);
  const limits = bounds.map((parts) => parts.join(" ").replace(/ $/, ""));
  return [words.join(" or "), ...limits].join(", ");
}

/** The fields of an object, and of the objects inside it, each shown once. */
function fields(api, given, seen = []) {
  const { name, schema } = resolve(api, given);
  if (name && seen.includes(name)) return null;
  const path = name ? [...seen, name] : seen;
  const choice = (schema.oneOf ?? schema.anyOf)?.find((one) => one.type !== "null");
  if (choice) return fields(api, choice, path);
  if (schema.type === "array" || schema.type?.includes?.("array")) {
    return fields(api, schema.items, path);
  }
  const parts = [schema, ...(schema.allOf ?? []).map((part) => resolve(api, part).schema)];
  const properties = Object.assign({}, ...parts.map((part) => part.properties ?? {}));
  const required = parts.flatMap((part) => part.required ?? []);
  const items = Object.entries(properties).map(([field, value]) =>
    element(
      "li",
      {},
      element("code", {}, field),
      " ",
      element("span", { class: "faint" }, kind(api, value), required.includes(field) ? "" : ", may be left out"),
      " ",
      ...prose(value.description ?? resolve(api, value).schema.description),
      fields(api, value, path),
    ),
  );
  return items.length > 0 ? element("ul", { class: "fields" }, ...items) : null;
}

function parameters(api, operation) {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((parameter) =>
    element(
      "tr",
      {},
      element("td", {}, element("code", {}, parameter.name)),
      element("td", {}, parameter.in, parameter.required ? ", required" : ""),
      element("td", {}, kind(api, parameter.schema)),
      element("td", {}, ...prose(parameter.description)),
    ),
  );
  const head = element(
    "tr",
    {},
    ...["Name", "In", "Kind", "Meaning"].map((word) => element("th", { scope: "col" }, word)),
  );
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

function bodies(api, content) {
  return Object.entries(content ?? {}).flatMap(([type, { schema }]) => [
    element("p", { class: "faint" }, `${type}: ${kind(api, schema)}`),
    fields(api, schema),
  ]);
}

function responses(api, operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) =>
    element(
      "tr",
      {},
      element("td", {}, element("code", {}, status)),
      element(
        "td",
        {},
        ...paragraphs(response.description),
        ...(status < "400" ? bodies(api, response.content) : []),
      ),
    ),
  );
  return element("table", {}, element("tbody", {}, ...rows));
}

function credentials(operation) {
  const names = (operation.security ?? []).flatMap(Object.keys);
  if (names.includes("session")) return "Needs the access token of a session.";
  if (names.includes("agentKey")) return "Needs an agent's key.";
  return "Needs no token.";
}

function section(api, path, method, operation) {
  const id = operation.operationId ?? `${method}${path}`;
  const heading = element(
    "h2",
    {},
    element("span", { class: "method" }, method.toUpperCase()),
    element("code", {}, path),
  );
  const request = operation.requestBody;
  const made = element(
    "section",
    { id },
    heading,
    ...paragraphs(operation.summary),
    ...paragraphs(operation.description),
    element("p", { class: "faint" }, credentials(operation)),
  );
  const table = parameters(api, operation);
  if (table) made.append(element("h3", {}, "Parameters"), table);
  if (request) {
    const title = request.required ? "Body" : "Body (optional)";
    made.append(element("h3", {}, title), ...bodies(api, request.content).filter(Boolean));
  }
  made.append(element("h3", {}, "Responses"), responses(api, operation));
  return made;
}

function show(api) {
  main.replaceChildren(
    element("h1", {}, api.info.title, " ", element("span", { class: "faint" }, api.info.version)),
    ...paragraphs(api.info.description),
  );
  const groups = new Map((api.tags ?? []).map((tag) => [tag.name, { tag, links: [] }]));
  const sections = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const operation = item[method];
      const name = operation.tags?.[0] ?? "other";
      if (!groups.has(name)) groups.set(name, { tag: { name }, links: [] });
      const made = section(api, path, method, operation);
      const link = element(
        "li",
        {},
        element("a", { href: `#${made.id}` }, operation.summary ?? `${method.toUpperCase()} ${path}`),
      );
      const words = [method, path, operation.summary, operation.description, name].join(" ");
      groups.get(name).links.push({ link, made, words: words.toLowerCase() });
      sections.push({ name, made });
    }
  }
  const order = [...groups.keys()];
  sections.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  main.append(...sections.map(({ made }) => made));
  const used = [...groups.values()].filter(({ links }) => links.length > 0);
  contents.replaceChildren(
    ...used.flatMap(({ tag, links }) => [
      element("h2", { title: tag.description ?? "" }, tag.name),
      element("ul", {}, ...links.map(({ link }) => link)),
    ]),
  );
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const { link, made, words } of used.flatMap(({ links }) => links)) {
      const hidden = !words.includes(wanted);
      link.hidden = hidden;
      made.hidden = hidden;
    }
  });
  const chosen = window.location.hash.slice(1);
  if (chosen) document.getElementById(chosen)?.scrollIntoView();
}

try {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`the gateway returned status ${response.status}`);
  show(await response.json());
} catch (error) {
  main.replaceChildren(element("p", { role: "alert" }, `The OpenAPI document could not be loaded: ${error.message}`));
}
