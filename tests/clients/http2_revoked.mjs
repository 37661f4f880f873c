// Uses HTTP/2 in a tunnel before and after something happens to the right to it.
//
// usage: node http2_revoked.mjs PROXY_PORT AUTHORIZATION HOST PORT CA_FILE
//
// Sends a request and opens a stream at /stream, and prints their statuses. After a line on standard input, it sends
// another request in the same tunnel, waits a few seconds for the end of the stream and of the tunnel, tries to open
// another tunnel, and prints what happened. A second line on standard input ends it.
import { readFileSync } from "node:fs"
import http2 from "node:http2"
import net from "node:net"
import { createInterface } from "node:readline"
import tls from "node:tls"

const [proxyPort, authorization, host, port, caFile] = process.argv.slice(2)
const authority = `${host}:${port}`
const WAIT = 6000

async function connect() {
  const socket = net.connect(Number(proxyPort), "127.0.0.1")
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
  const head = await new Promise((resolve, reject) => socket.once("data", resolve).once("error", reject))
  return { socket, status: Number(String(head).split(" ")[1]) }
}

const { socket } = await connect()
const secure = tls.connect({ socket, servername: host, ca: readFileSync(caFile), ALPNProtocols: ["h2"] })
await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject))
const session = http2.connect(`https://${authority}`, { createConnection: () => secure })
session.on("error", () => {})
let tunnelClosed = false
const tunnelEnd = new Promise((resolve) => session.once("close", resolve)).then(() => (tunnelClosed = true))

function get(path) {
  return new Promise((resolve) => {
    let status = 0
    let error = null
    let stream
    try {
      stream = session.request({ ":method": "GET", ":path": path })
    } catch (refused) {
      return resolve({ status, error: refused.code })
    }
    stream.on("response", (headers) => (status = headers[":status"]))
    stream.on("error", (failed) => (error = failed.code))
    stream.on("close", () => resolve({ status, error }))
    stream.resume()
  })
}

const items = await get("/items")
const stream = session.request({ ":method": "GET", ":path": "/stream" })
let streamError = null
stream.on("error", (error) => (streamError = error.code))
const streamStatus = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])))
await new Promise((resolve) => stream.once("data", resolve))
stream.resume()
let streamEnded = null
let lineRead = 0
const streamEnd = new Promise((resolve) => stream.once("close", resolve)).then(() => (streamEnded = Date.now()))

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
console.log(JSON.stringify({ items: items.status, stream: streamStatus }))
await lines.next()
lineRead = Date.now()
const later = await Promise.race([get("/later"), new Promise((resolve) => setTimeout(resolve, WAIT, { status: -1 }))])
const limit = new Promise((resolve) => setTimeout(resolve, WAIT))
await Promise.race([Promise.all([streamEnd, tunnelEnd]), limit])
const again = await connect()
again.socket.destroy()
console.log(
  JSON.stringify({
    later,
    streamEndedAfter: streamEnded === null ? null : streamEnded - lineRead,
    streamError,
    tunnelClosed,
    again: again.status,
  }),
)
await lines.next()
process.exit(0)
