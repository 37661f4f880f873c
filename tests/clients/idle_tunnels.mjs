// Opens a tunnel for each version of HTTP, sends one request in it, and waits until the proxy closes it.
//
// usage: node idle_tunnels.mjs PROXY_PORT AUTHORIZATION HOST PORT CA_FILE
//
// Prints the status of each request and how long its tunnel was idle, in seconds.
import { readFileSync } from "node:fs"
import http2 from "node:http2"
import net from "node:net"
import tls from "node:tls"

const [proxyPort, authorization, host, port, caFile] = process.argv.slice(2)
const authority = `${host}:${port}`

async function open(protocol) {
  const socket = net.connect(Number(proxyPort), "127.0.0.1")
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
  await new Promise((resolve, reject) => socket.once("data", resolve).once("error", reject))
  const secure = tls.connect({ socket, servername: host, ca: readFileSync(caFile), ALPNProtocols: [protocol] })
  await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject))
  return secure
}

async function idle(secure, status) {
  const since = Date.now()
  await new Promise((resolve) => secure.once("close", resolve))
  return { status, seconds: (Date.now() - since) / 1000 }
}

async function first() {
  const secure = await open("http/1.1")
  secure.write(`GET /items HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  const head = await new Promise((resolve) => secure.once("data", resolve))
  secure.resume()
  return idle(secure, Number(String(head).split(" ")[1]))
}

async function second() {
  const secure = await open("h2")
  const session = http2.connect(`https://${authority}`, { createConnection: () => secure })
  const stream = session.request({ ":path": "/items" })
  const status = await new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])))
  stream.resume()
  return idle(session, status)
}

const [http1, http2Idle] = await Promise.all([first(), second()])
console.log(JSON.stringify({ http1, http2: http2Idle }))
process.exit(0)
