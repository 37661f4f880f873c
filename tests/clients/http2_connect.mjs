// Tries to open a WebSocket inside HTTP/2 (RFC 8441), although the server does not offer that, and sends a request on
// the same connection.
//
// usage: node http2_connect.mjs PROXY_PORT AUTHORIZATION HOST PORT CA_FILE
import { readFileSync } from "node:fs"
import http2 from "node:http2"
import net from "node:net"
import tls from "node:tls"

const [proxyPort, authorization, host, port, caFile] = process.argv.slice(2)
const authority = `${host}:${port}`
const socket = net.connect(Number(proxyPort), "127.0.0.1")
socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
await new Promise((resolve) => socket.once("data", resolve))
const secure = tls.connect({ socket, servername: host, ca: readFileSync(caFile), ALPNProtocols: ["h2"] })
await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject))
const session = http2.connect(`https://${authority}`, { createConnection: () => secure })
const settings = await new Promise((resolve) => session.once("remoteSettings", resolve))

function send(headers) {
  return new Promise((resolve) => {
    const stream = session.request(headers)
    let status = 0
    let text = ""
    stream.setEncoding("utf8")
    stream.on("response", (response) => (status = response[":status"]))
    stream.on("data", (piece) => (text += piece))
    stream.on("error", (error) => (text = String(error)))
    stream.on("close", () => resolve({ status, text }))
    if (headers[":method"] === "CONNECT") stream.end()
  })
}

const webSocket = await send({
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "https",
  ":authority": authority,
  ":path": "/chat",
  "sec-websocket-version": "13",
})
const other = await send({ ":method": "GET", ":path": "/items" })
console.log(JSON.stringify({ offered: settings.enableConnectProtocol, webSocket, other: other.status }))
process.exit(0)
