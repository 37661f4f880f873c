// A server that speaks HTTP/2 only, with TLS. It returns what it got, and its trailers say who asked. The response to
// /stream begins with an event and does not end. The first 97 requests for /busy are refused, and requests for /leaving
// end the first two connections, which process the first stream alone.
//
// usage: node http2.mjs PEM_FILE
//
// PEM_FILE holds its certificate and key. Prints its port, and then a line for each connection and request.
import { readFileSync } from "node:fs"
import http2 from "node:http2"

const pem = readFileSync(process.argv[2])
const server = http2.createSecureServer({ key: pem, cert: pem, allowHTTP1: false })
let [sessions, refused] = [0, 0]
server.on("session", (session) => {
  session.number = ++sessions
  console.log("connection")
})
server.on("stream", (stream, headers) => {
  const { ":method": method, ":path": path, authorization = "nobody" } = headers
  console.log(`${method} ${path}`)
  // A stream that is reset concerns no other.
  stream.on("error", () => {})
  if (path === "/busy" && ++refused <= 97) {
    return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
  }
  // The last stream that was processed cannot be 0 here, which Node.js replaces by that of the latest request.
  if (path === "/leaving" && stream.session?.number <= 2 && stream.id > 1) {
    return stream.session.goaway(http2.constants.NGHTTP2_NO_ERROR, 1)
  }
  if (path === "/stream") {
    stream.respond({ ":status": 200, "content-type": "text/event-stream" })
    stream.write("data: 1\n\n")
    return
  }
  let length = 0
  stream.on("data", (piece) => (length += piece.length))
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "text/plain", trailer: "x-asked-by" }, { waitForTrailers: true })
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-asked-by": authorization, "content-length": "3" }))
    stream.end(`${method} ${path} ${length}`)
  })
})
server.listen(0, "127.0.0.1", () => console.log(server.address().port))
