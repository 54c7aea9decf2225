"""The clients that cs-collect.bats needs: raw bytes, many connections, slow ones, and a load that knows what was answered.

    collect.py raw SOCKET                 sends standard input, prints what comes until the other side closes
    collect.py bodies SOCKET FILE...      sends each file as a body, prints its name and the answer's X-Clickstream
    collect.py shapes SOCKET              each line of standard input, NAME, a tab, and escaped bytes: sends them, and prints the
                                          name and the statuses of all answers until the other side closes
    collect.py load SOCKET NAME ACKED     posts numbered events until nobody answers; ids answered 204 go to ACKED
    collect.py posts SOCKET NAME COUNT    posts numbered events, each when the one before is answered, and asks /health then;
                                          prints each id, the status, and what /health says; fails where that is no answer of both
    collect.py many SOCKET N ROUNDS       N connections, a request on each at once, ROUNDS times; prints how many 204 came
    collect.py slow SOCKET N              N connections that never end their head; prints how many were closed
    collect.py drain SOCKET PID           two requests that have begun, then a TERM: prints what /health says, and the events' answer
    collect.py idle SOCKET N              N connections that say nothing; prints one 204 that another one got meanwhile
SOCKET is a path, or HOST:PORT.
"""

import os
import select
import signal
import socket
import sys
import time

PATIENCE = 30


def connect(where):
    if ":" in where:
        host, port = where.rsplit(":", 1)
        return socket.create_connection((host, int(port)), PATIENCE)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(where)
    return client


def event(name, session="s1"):
    return (
        '{"event_id":"%s","session_id":"%s","event_type":"page_view","event_time":"2026-01-01T00:00:00Z"}' % (name, session)
    ).encode()


def request(body, more=b""):
    return b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n" % (len(body), more) + body


def fields_once(answer):
    """Of each answer's head: no field comes twice."""
    for top in answer.split(b"HTTP/1.1 ")[1:]:
        names = [line.split(b":")[0].lower() for line in top.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
        assert len(names) == len(set(names)), top


def head(client):
    """An answer without a body, or as much of one as there is."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        some = client.recv(65536)
        if not some:
            return answer
        answer += some
    fields_once(answer)
    return answer


def raw(where):
    client = connect(where)
    client.sendall(sys.stdin.buffer.read())
    try:
        while True:
            some = client.recv(65536)
            if not some:
                break
            sys.stdout.buffer.write(some)
    except TimeoutError:
        print("still open")


def shapes(where):
    for line in sys.stdin:
        name, text = line.rstrip("\n").split("\t")
        client = connect(where)
        client.sendall(text.encode().decode("unicode_escape").encode("latin-1"))
        got = b""
        try:
            while some := client.recv(65536):
                got += some
        except TimeoutError:
            got += b"HTTP/1.1 open"
        fields_once(got)
        print(name, *[piece.split(b" ", 1)[0].decode()[:4].strip() for piece in got.split(b"HTTP/1.1 ")[1:]], sep="\t")


def bodies(where, *files):
    for file in files:
        client = connect(where)
        with open(file, "rb") as body:
            client.sendall(request(body.read()))
        answer = head(client).decode()
        said = [line for line in answer.split("\r\n") if line.startswith("X-Clickstream: ")]
        print(file.rsplit("/", 1)[-1], answer.split(" ")[1], *said)
        client.close()


def load(where, name, acked):
    number = 0
    with open(acked, "a") as file:
        try:
            client = connect(where)
            while True:
                number += 1
                client.sendall(request(event("%s-%d" % (name, number), "s%d" % (number % 7))))
                answer = head(client)
                if not answer:
                    return
                if answer.startswith(b"HTTP/1.1 204 "):
                    file.write("%s-%d\n" % (name, number))
                    file.flush()
        except OSError:
            return


def posts(where, name, count):
    client = connect(where)
    for number in range(int(count)):
        client.sendall(request(event("%s-%d" % (name, number))))
        answer = head(client)
        status = int(answer.split(b" ")[1])
        assert status == 204 or status == 503 and b"\r\nRetry-After: 5\r\n" in answer, answer
        read_body(client, answer)
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        health = head(client)
        read_body(client, health)
        print("%s-%d" % (name, number), status, health.split(b" ")[1].decode(), sep="\t")
        time.sleep(0.012)  # a segment is sealed meanwhile, or not: both are tried


def read_body(client, answer):
    """The rest of an answer whose head has come."""
    top, _, body = answer.partition(b"\r\n\r\n")
    lengths = [int(line.split(b": ")[1]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length: ")]
    missing = sum(lengths) - len(body)
    while missing > 0:
        missing -= len(client.recv(missing))


def many(where, count, rounds):
    clients = [connect(where) for _ in range(int(count))]
    good = 0
    for turn in range(int(rounds)):
        for number, client in enumerate(clients):
            client.sendall(request(event("%d-%d" % (turn, number))))
        for client in clients:
            good += head(client).startswith(b"HTTP/1.1 204 ")
    print(good)


def slow(where, count):
    clients = [connect(where) for _ in range(int(count))]
    for client in clients:
        client.sendall(b"POST /e HTTP/1.1\r\nHost: x\r\n")
    end = time.monotonic() + PATIENCE
    closed = 0
    while clients and time.monotonic() < end:
        for client in list(clients):
            try:
                client.sendall(b"X: y\r\n")
            except OSError:
                pass
            if select.select([client], [], [], 0)[0]:
                try:
                    answer = client.recv(4096)
                except OSError:
                    answer = b""
                if not answer:
                    clients.remove(client)
                    closed += 1
        time.sleep(0.05)
    print(closed)


def drain(where, pid):
    idle_one, asks, sends = connect(where), connect(where), connect(where)
    whole = request(event("last"))
    asks.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
    sends.sendall(whole[:-1])
    # Both have been read by then.
    later = connect(where)
    later.sendall(request(event("first")))
    head(later)
    os.kill(int(pid), signal.SIGTERM)
    assert idle_one.recv(1) == b"" # it is closed when the end begins
    asks.sendall(b"\r\n")
    print(head(asks).split()[1].decode())
    sends.sendall(whole[-1:])
    print(head(sends).split()[1].decode())


# A chunked request cut in two at each of its bytes, and one with a field behind its body: which cuts are answered otherwise
# than 204, and what the last one is.
def cuts(where):
    body = event("cut")
    whole = b"POST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    last = whole.replace(b"chunked\r\n", b"chunked\r\nContent-Type: text/plain\r\n")
    other = connect(where)
    for sent, cut in [(one, cut) for one in (whole, last) for cut in range(1, len(one))] + [(whole[:-2] + b"X: y\r\n\r\n", 9)]:
        client = connect(where)
        client.sendall(sent[:cut])
        # That has been read by then.
        other.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        head(other)
        client.sendall(sent[cut:])
        status = head(client).split()[1].decode()
        if status != "204" or sent not in (whole, last):
            print(cut, status)


def idle(where, count):
    clients = [connect(where) for _ in range(int(count))]
    other = connect(where)
    other.sendall(request(event("alone")))
    print(head(other).split(b"\r\n")[0].decode(), len(clients))
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    {"raw": raw, "shapes": shapes, "bodies": bodies, "load": load, "posts": posts, "many": many, "slow": slow, "drain": drain, "cuts": cuts, "idle": idle}[sys.argv[1]](*sys.argv[2:])
