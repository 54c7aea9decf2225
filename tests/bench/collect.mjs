// A thin service as one would write it: decode, look for the required members, append to a file without syncing it.
import { createWriteStream } from "node:fs";
import { createServer } from "node:http";

const [address, file] = process.argv.slice(2);
const [host, port] = address.split(":");
const out = createWriteStream(file);

createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    let events;
    try {
      events = JSON.parse(Buffer.concat(pieces).toString());
    } catch {
      response.writeHead(400).end();
      return;
    }
    if (!Array.isArray(events)) events = [events];
    let lines = "";
    for (const event of events)
      if (typeof event.event_type === "string" && typeof event.event_time === "string")
        lines += JSON.stringify(event) + "\n";
    out.write(lines);
    response.writeHead(204).end();
  });
}).listen(Number(port), host);
