// SPDX-License-Identifier: Apache-2.0
// Runs a grub.cfg as GRUB 2 does, as far as it decides what boots: variables, conditions, search, other files, entries. It asks
// its world for files and devices, and changes nothing.
import { type Device, load, type Loads, NOTHING, withError } from "./load.ts";
import { LoopError, notReadToEnd } from "../ground.ts";
import { type EntryOptions, parseOptions } from "./options.ts";
import { parseGrub, type Statement, type Word } from "./parse.ts";
import { firstVariables, type GrubPlatform } from "./variables.ts";

export type GrubWorld = {
  /** `(hd0,msdos1)`, `hd0`, `lvm/vg-root`, `(UUID)`: a device by GRUB's own name. */
  device(name: string): Device;
  /** By a `search` line: `--fs-uuid`, `--label` or `--file`. */
  search(kind: "uuid" | "label" | "file", value: string): Promise<Device>;
  /** null: there is no such file on it. */
  read(device: Device, path: string): Promise<string | null>;
  exists(device: Device, path: string): Promise<boolean>;
  /** Entries of the Boot Loader Specification on this device, with the variables as they are then. */
  bootEntries(device: Device, variables: ReadonlyMap<string, string>): Promise<readonly MenuEntry[]>;
};

/** Of a BLS file the id is its name. */
export type MenuEntry = EntryOptions & {
  /** Of a submenu. */
  readonly entries: readonly MenuEntry[];
  readonly body: readonly Statement[];
  /** Variables that a BLS file names and nothing sets. */
  readonly unset?: readonly string[];
};

const MAX_STEPS = 100_000;
const MAX_DEPTH = 32;
const MAX_FILES = 64;
const MAX_ENTRIES = 10_000;

type State = {
  variables: Map<string, string>;
  exported: Set<string>;
  root: Device;
  menu: MenuEntry[];
  loads: Loads;
  functions: Map<string, readonly Statement[]>;
};

export type GrubStart = {
  readonly root: Device;
  readonly path: string;
  readonly platform: GrubPlatform;
  /** Words of grubenv. */
  readonly environment: ReadonlyMap<string, string>;
};

export type GrubMenu = {
  readonly entries: readonly MenuEntry[];
  readonly variables: ReadonlyMap<string, string>;
  readonly exported: ReadonlySet<string>;
  /** Why it was not followed to its end; null: it was. */
  readonly cut: string | null;
  /** What goes wrong before the menu is shown. */
  readonly errors: readonly string[];
  load(entry: MenuEntry): Promise<Loads>;
};

/** null: GRUB finds no such file there. */
export async function runGrub(world: GrubWorld, start: GrubStart): Promise<GrubMenu | null> {
  const runner = new Runner(world, start);
  return await runner.menu();
}

class Runner {
  readonly #world: GrubWorld;
  readonly #start: GrubStart;
  #steps = 0;
  #files = 0;
  #depth = 0;

  constructor(world: GrubWorld, start: GrubStart) {
    this.#world = world;
    this.#start = start;
  }

  async menu(): Promise<GrubMenu | null> {
    const { root, path, platform } = this.#start;
    const variables = firstVariables(path, platform);
    const state: State = {
      variables,
      exported: new Set(),
      root,
      menu: [],
      loads: NOTHING,
      functions: new Map(),
    };
    this.#setRoot(root, state);
    const text = await this.#world.read(root, path);
    if (text === null) return null;
    let cut: string | null = null;
    await this.#run(parseGrub(text), state).catch((error: unknown) => {
      if (!(error instanceof LoopError) || state.menu.length === 0) throw error;
      cut = error.message;
    });
    return {
      cut,
      entries: state.menu,
      variables: state.variables,
      exported: state.exported,
      errors: state.loads.errors,
      load: async (entry) => {
        const own: State = { ...state, variables: new Map(state.variables), loads: NOTHING };
        await this.#run(entry.body, own);
        return own.loads;
      },
    };
  }

  async #run(statements: readonly Statement[], state: State): Promise<void> {
    for (const statement of statements) {
      this.#steps += 1;
      if (this.#steps > MAX_STEPS) throw new RangeError("The menu does not come to an end");
      if (statement.kind === "if") {
        for (const { test, body } of statement.branches)
          if (test.length === 0 || (await this.#test(test, state))) {
            await this.#run(body, state);
            break;
          }
      } else if (statement.kind === "block") this.#block(statement, state);
      else
        await this.#command(
          statement.words.map((word) => expand(word, state)),
          state,
        );
    }
  }

  #block({ words, body }: Extract<Statement, { kind: "block" }>, state: State): void {
    const [name = "", ...rest] = words.map((word) => expand(word, state));
    if (name === "function") state.functions.set(rest[0] ?? "", body);
    if (name !== "menuentry" && name !== "submenu") return;
    const inner = body.filter((one) => one.kind === "block");
    const entries =
      name === "menuentry"
        ? []
        : inner.flatMap((one) => {
            const own: State = { ...state, menu: [] };
            this.#block(one, own);
            return own.menu;
          });
    this.#add([{ ...parseOptions(rest), entries, body: name === "menuentry" ? body : [] }], state);
  }

  #add(entries: readonly MenuEntry[], { menu }: State): void {
    if (menu.length + entries.length > MAX_ENTRIES)
      throw notReadToEnd(this.#start.path, `more than ${MAX_ENTRIES} entries`);
    menu.push(...entries);
  }

  async #command(words: readonly string[], state: State): Promise<void> {
    const [name = "", ...rest] = words;
    const own = state.functions.get(name);
    if (own !== undefined) return await this.#call(own, state);
    switch (name) {
      case "set":
      case "export": {
        const [, key = "", value = ""] = ASSIGNMENT.exec(rest.join(" ")) ?? [];
        if (name === "export") state.exported.add(key === "" ? (rest[0] ?? "") : key);
        this.#assign(key, value, state);
        return;
      }
      case "load_env":
        for (const [key, value] of this.#start.environment) state.variables.set(key, value);
        return;
      case "search":
      case "search.fs_uuid":
      case "search.fs_label":
      case "search.file":
        return await this.#search(name, rest, state);
      case "configfile":
      case "source":
      case ".":
      case "normal":
        return await this.#file(rest[0] ?? "", state);
      case "for":
      case "while":
      case "until":
        throw new LoopError("it has a loop");
      case "blscfg":
        this.#add(await this.#world.bootEntries(state.root, state.variables), state);
        return;
      default: {
        const [, key = "", value = ""] = ASSIGNMENT.exec(name) ?? [];
        if (key !== "") return this.#assign(key, value, state);
        state.loads = load(state.loads, { name, rest }, (path) => this.#place(path, state));
      }
    }
  }

  async #call(body: readonly Statement[], state: State): Promise<void> {
    if (this.#depth >= MAX_DEPTH) throw new RangeError("its functions call each other without end");
    this.#depth += 1;
    await this.#run(body, state);
    this.#depth -= 1;
  }

  #assign(key: string, value: string, state: State): void {
    if (key === "root") {
      const device = this.#world.device(value);
      this.#setRoot(device, state);
      if (device === null && value !== "") state.loads = withError(state.loads, `no such device: ${value}`);
    } else if (key !== "") state.variables.set(key, value);
  }

  #setRoot(device: Device, state: State): void {
    state.root = device;
    state.variables.set("root", device === null ? "" : `node:${device.node}`);
  }

  /** search [--no-floppy] [--set[=VAR]] [--hint...] --fs-uuid|--label|--file NAME; search.fs_uuid NAME VAR HINTS. */
  async #search(name: string, rest: readonly string[], state: State): Promise<void> {
    const kind =
      name === "search.fs_uuid" || rest.some((word) => word === "--fs-uuid" || /^-[a-z]*u/.test(word))
        ? "uuid"
        : name === "search.fs_label" || rest.some((word) => word === "--label" || /^-[a-z]*l/.test(word))
          ? "label"
          : "file";
    const names = rest.filter(
      (word, index) => !word.startsWith("-") && !TAKES_WORD.test(rest[index - 1] ?? ""),
    );
    const value = names[0] ?? "";
    const variable =
      rest.find((word) => word.startsWith("--set="))?.slice("--set=".length) ??
      (name === "search" ? "root" : (names[1] ?? "root"));
    const found = await this.#world.search(kind, value);
    if (found === null) {
      state.loads = withError(state.loads, `no such device: ${value}`);
      return; // the variable keeps its value
    }
    if (variable === "root") this.#setRoot(found, state);
    else state.variables.set(variable, `node:${found.node}`);
  }

  async #file(path: string, state: State): Promise<void> {
    this.#files += 1;
    if (this.#files > MAX_FILES) throw notReadToEnd(this.#start.path, `more than ${MAX_FILES} files`);
    const place = this.#place(path, state);
    const text = await this.#world.read(place.device, place.path);
    if (text !== null) await this.#run(parseGrub(text), state);
    else state.loads = withError(state.loads, `file ${place.path} not found`);
  }

  /** `(dev)/path`, `$prefix/x` where prefix names a device, or a path on root. */
  #place(path: string, { root }: State): { device: Device; path: string } {
    const [, named, rest] = /^\(([^)]*)\)(.*)$/s.exec(path) ?? [];
    if (named === undefined) return { device: root, path };
    return { device: this.#world.device(named), path: rest ?? "" };
  }

  /** null, for what is not known, counts as false. */
  async #test(words: readonly Word[], state: State): Promise<boolean> {
    const texts = words.map((word) => expand(word, state));
    const inner =
      texts[0] === "["
        ? texts.slice(1, texts.at(-1) === "]" ? -1 : undefined)
        : texts.slice(texts[0] === "test" ? 1 : 0);
    const isNot = inner[0] === "!";
    const parts = isNot ? inner.slice(1) : inner;
    return (await this.#isTrue(parts, state)) !== isNot;
  }

  async #isTrue(parts: readonly string[], state: State): Promise<boolean> {
    const [first = "", second, third = ""] = parts;
    if (second === "=" || second === "==") return first === third;
    if (second === "!=") return first !== third;
    if (first === "-n") return (second ?? "") !== "";
    if (first === "-z") return (second ?? "") === "";
    if (/^-[sfe]$/.test(first)) {
      if ((second ?? "").endsWith("/grubenv")) return this.#start.environment.size > 0;
      const { device, path } = this.#place(second ?? "", state);
      return await this.#world.exists(device, path);
    }
    return parts.length === 1 && first !== "" && !first.startsWith("-") && !COMMANDS.test(first);
  }
}

/** `set NAME=value`, or without `set`. */
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;

/** `if loadfont ...`, `if keystatus --shift`, `if sleep ...`: what they answer in the VM decides nothing here. */
const COMMANDS =
  /^(?:loadfont|keystatus|sleep|background_image|search|true|false|insmod|regexp|cpuid|smbios)$/;
const TAKES_WORD = /^--hint(?:-[a-z]+)?$|^-[a-z]*h$/;

function expand(word: Word, { variables }: State): string {
  return word
    .map((piece) =>
      "text" in piece ? piece.text : (VALUES[piece.variable] ?? variables.get(piece.variable) ?? ""),
    )
    .join("");
}

/** Set by GRUB where it knows entries by id. */
const VALUES: Readonly<Record<string, string>> = { menuentry_id_option: "--id" };
