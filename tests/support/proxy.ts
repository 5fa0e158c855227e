// SPDX-License-Identifier: Apache-2.0
// A bad line: a TCP proxy whose connections can be cut, damaged or refused at will.
import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** From the client, of all connections so far. */
  readonly bytes: number;
  /** Connections so far. */
  readonly connections: number;
  /** Ends all connections in mid-flight. */
  cut(): void;
  /** The next chunk of at least 1 KiB from the client gets one bit changed. */
  flip(): void;
  /** While down, connections are closed at once, as by a host that restarts. */
  setDown(isDown: boolean): void;
}

/** Listens on 127.0.0.1 before `port` of the same. */
export async function startProxy(port: number): Promise<Proxy> {
  const open = new Set<Socket>();
  const state = { bytes: 0, connections: 0, isDown: false, flips: 0 };
  const server: Server = createServer((near) => {
    if (state.isDown) {
      near.destroy();
      return;
    }
    state.connections += 1;
    const far = connect(port, "127.0.0.1");
    const end = (): void => {
      near.destroy();
      far.destroy();
      open.delete(near);
      open.delete(far);
    };
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", end).on("close", end);
    }
    near.on("data", (chunk: Buffer) => {
      state.bytes += chunk.length;
      if (state.flips > 0 && chunk.length >= 1024) {
        state.flips -= 1;
        chunk.writeUInt8(chunk.readUInt8(512) ^ 1, 512);
      }
      if (!far.write(chunk)) {
        near.pause();
        far.once("drain", () => near.resume());
      }
    });
    far.pipe(near);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port");
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    get bytes() {
      return state.bytes;
    },
    get connections() {
      return state.connections;
    },
    cut,
    flip: () => void (state.flips += 1),
    setDown: (isDown) => void (state.isDown = isDown),
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
