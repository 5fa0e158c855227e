#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# A busy server. What it says on the second serial line, "KIND KEY TURN", is on its disk by then: each turn was synced before.
# With "check": says of each kind what the disk holds, and "bad ..." of what is not as it was written.
import hashlib, mmap, os, signal, sqlite3, struct, subprocess, sys, threading, time, tty

HOME = "/srv/load"
PAGE = 4096
PAGES = 512
FILES = 40
PAUSE_S = 0.4
LOG_BYTES = 256 * 1024

over = threading.Event()


def noise(kind, key, turn, size):
    return hashlib.shake_128(f"{kind} {key} {turn}".encode()).digest(size)


def sync_directory(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def open_shop():
    db = sqlite3.connect(f"{HOME}/shop.db", isolation_level=None)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("create table if not exists orders (n integer primary key, turn integer, body blob)")
    return db


def turn_shop(say):
    db = open_shop()
    turn = db.execute("select coalesce(max(turn), 0) from orders").fetchone()[0]
    while not over.is_set():
        turn += 1
        db.execute("begin immediate")
        old = turn // 2  # an old row is changed in place
        for n in {old, turn} - {0}:
            size = 500 + turn % 7000
            db.execute("insert or replace into orders values (?, ?, ?)", (n, turn, noise("shop", n, turn, size)))
        db.execute("commit")
        say("shop", 0, turn)
        over.wait(PAUSE_S)
    db.close()


def check_shop():
    db = open_shop()
    for (word,) in db.execute("pragma integrity_check"):
        if word != "ok":
            yield "bad shop", word
    last = 0
    for n, turn, body in db.execute("select n, turn, body from orders order by n"):
        last += 1
        if n != last or body != noise("shop", n, turn, len(body)):
            yield "bad shop", n
    yield "shop 0", last


PSQL = ["runuser", "-u", "postgres", "--", "psql", "-qAtX", "-v", "ON_ERROR_STOP=1"]


def turn_ledger(say):
    psql = subprocess.Popen(PSQL, cwd="/", text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

    def ask(sql):
        psql.stdin.write(sql + "\n")
        answer = psql.stdout.readline()
        if answer == "":
            raise RuntimeError("psql ended")
        return answer.strip()

    psql.stdin.write("set client_min_messages = error; create table if not exists ledger (n integer primary key, body text, sum text);\n")
    turn = int(ask("select coalesce(max(n), 0) from ledger;"))
    while not over.is_set():
        turn += 1
        body = noise("ledger", 0, turn, 1000 + turn % 500).hex()
        # one statement is one transaction, and its answer comes after it was flushed
        ask(f"insert into ledger values ({turn}, '{body}', md5('{body}')) returning n;")
        say("ledger", 0, turn)
        over.wait(PAUSE_S)
    psql.stdin.close()
    psql.wait()


def check_ledger():
    sql = "select count(*), coalesce(max(n), 0), count(*) filter (where md5(body) <> sum) from ledger;"
    for _ in range(120):
        done = subprocess.run(PSQL, cwd="/", input=sql, capture_output=True, text=True)
        if done.returncode == 0:
            count, last, wrong = done.stdout.strip().split("|")
            if count != last or wrong != "0":
                yield "bad ledger", done.stdout.strip()
            yield "ledger 0", last
            return
        time.sleep(1)
    yield "bad ledger", done.stderr.strip().replace("\n", " ")


def turn_files(say):
    """Written aside, synced, renamed over the old one; every fifth is removed and made anew."""
    directory = f"{HOME}/files"
    os.makedirs(directory, exist_ok=True)
    turn = max([held for key, held in read_files() if held is not None], default=0)
    while not over.is_set():
        turn += 1
        key = turn % FILES
        path = f"{directory}/{key}"
        size = 1000 + turn * 7919 % 150_000
        if turn % 5 == 0 and os.path.exists(path):
            os.rename(path, path + ".old")
        with open(path + ".new", "wb") as file:
            file.write(struct.pack(">QQ", key, turn) + noise("file", key, turn, size))
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".new", path)
        if os.path.exists(path + ".old"):
            os.unlink(path + ".old")
        sync_directory(directory)
        say("file", key, turn)
        over.wait(PAUSE_S)


def read_files():
    for name in os.listdir(f"{HOME}/files"):
        if not name.isdigit():
            continue
        with open(f"{HOME}/files/{name}", "rb") as file:
            data = file.read()
        key, turn = struct.unpack(">QQ", data[:16]) if len(data) >= 16 else (None, None)
        good = key == int(name) and data[16:] == noise("file", key, turn, len(data) - 16)
        yield int(name), turn if good else None


def check_files():
    for key, turn in read_files():
        yield ("bad file", key) if turn is None else (f"file {key}", turn)


def turn_log(say):
    """Grows by lines, and is truncated when it is long."""
    path = f"{HOME}/log"
    turn = max([turn for _, turn in check_log()], default=0)
    with open(path, "ab") as log:
        while not over.is_set():
            turn += 1
            if log.tell() > LOG_BYTES:
                log.truncate(0)
            log.write(f"{turn} {noise('log', 0, turn, 200).hex()}\n".encode())
            log.flush()
            os.fsync(log.fileno())
            say("log", 0, turn)
            over.wait(PAUSE_S)


def check_log():
    last = None
    if not os.path.exists(f"{HOME}/log"):
        return
    with open(f"{HOME}/log", "rb") as log:
        for line in log:
            words = line.split()
            turn = int(words[0]) if words and words[0].isdigit() else -1
            if line != f"{turn} {noise('log', 0, turn, 200).hex()}\n".encode() or last not in (None, turn - 1):
                yield "bad log", turn
            last = turn
    if last is not None:
        yield "log 0", last


def map_pages():
    fd = os.open(f"{HOME}/mapped", os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(fd, PAGES * PAGE)
    os.fsync(fd)
    return mmap.mmap(fd, PAGES * PAGE)


def turn_pages(say):
    pages = map_pages()
    turn = max([turn for _, turn in check_pages()], default=0)
    while not over.is_set():
        turn += 1
        key = turn * 31 % PAGES
        pages[key * PAGE : (key + 1) * PAGE] = struct.pack(">Q", turn) + noise("page", key, turn, PAGE - 8)
        pages.flush(key * PAGE, PAGE)
        say("page", key, turn)
        over.wait(PAUSE_S)


def check_pages():
    pages = map_pages()
    for key in range(PAGES):
        page = pages[key * PAGE : (key + 1) * PAGE]
        (turn,) = struct.unpack(">Q", page[:8])
        if turn == 0 and not any(page):
            continue
        yield (f"page {key}", turn) if page[8:] == noise("page", key, turn, PAGE - 8) else ("bad page", key)


def work():
    os.makedirs(HOME, exist_ok=True)
    line = os.open("/dev/ttyS1", os.O_WRONLY | os.O_NOCTTY)
    tty.setraw(line)
    lock = threading.Lock()

    def say(kind, key, turn):
        with lock:
            os.write(line, f"{kind} {key} {turn}\n".encode())

    def guarded(turns):
        try:
            turns(say)
        except BaseException as error:
            with lock:
                os.write(line, f"broken {turns.__name__} {error}\n".encode())
            os._exit(1)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    threads = [threading.Thread(target=guarded, args=(one,)) for one in (turn_shop, turn_ledger, turn_files, turn_log, turn_pages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(line, b"ended 0 0\n")


def check():
    for one in (check_shop, check_ledger, check_files, check_log, check_pages):
        for what, value in one():
            print(what, value)
    print("checked 0 0")


check() if sys.argv[1:] == ["check"] else work()
