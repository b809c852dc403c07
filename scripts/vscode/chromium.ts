import { execFileSync, spawnSync } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { messageOf, UserError } from "../../src/base/errors.ts";
import { cacheFolder } from "./install.ts";

const installedNames = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const macChrome = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** Quiet on the network, and able to run as root in a container. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];

/** Starts a headless browser: CHROMIUM_PATH, else an installed Chromium or Chrome, else the one inside an npm package. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM_PATH"] ?? installedChromium() ?? (await packagedChromium());
  try {
    return await chromium.launch({
      executablePath,
      args: flags,
      env: environmentFor(executablePath),
      // Playwright would end this process at once; the caller has a server to stop as well.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    const action = "install Chromium (apt-get install chromium) or name one in CHROMIUM_PATH";
    throw new UserError("chromium.start", `${executablePath} does not start: ${firstLine(messageOf(error))}`, action);
  }
}

function installedChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = installedNames.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, macChrome].find((path) => existsSync(path));
}

/**
 * Unpacks the Chromium of `@sparticuz/chromium` into the cache, with the few libraries and the font it brings for bare
 * machines. The package's own unpacking shares one file in the temporary folder between all processes, whole or not.
 */
async function packagedChromium(): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new UserError(
      "chromium.missing",
      "No Chromium found",
      "install Chromium or Chrome, or name one in CHROMIUM_PATH",
    );
  }
  const packageFolder = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..");
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as { version: string };
  const folder = join(cacheFolder, `chromium-${version}`);
  if (!existsSync(folder)) {
    const partial = `${folder}.${process.pid}.partial`;
    await mkdir(partial, { recursive: true });
    for (const name of ["chromium", "al2023.tar", "fonts.tar"]) {
      const target = createWriteStream(join(partial, name), { mode: 0o755 });
      await pipeline(createReadStream(join(packageFolder, "bin", `${name}.br`)), createBrotliDecompress(), target);
    }
    for (const name of ["al2023.tar", "fonts.tar"]) execFileSync("tar", ["-xf", name], { cwd: partial });
    const fonts = `<fontconfig><dir>${join(folder, "fonts")}</dir><cachedir>${join(folder, "cache")}</cachedir></fontconfig>\n`;
    await writeFile(join(partial, "fonts.conf"), fonts);
    await rename(partial, folder).catch(() => rm(partial, { recursive: true }));
  }
  return join(folder, "chromium");
}

/** The packaged libraries and font are used only where the machine has none of its own. */
function environmentFor(executablePath: string): Record<string, string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const folder = dirname(executablePath);
  if (!folder.startsWith(cacheFolder)) return env;
  const starts = spawnSync(executablePath, ["--version"]).status === 0;
  if (!starts) env["LD_LIBRARY_PATH"] = join(folder, "lib");
  if (!existsSync("/etc/fonts/fonts.conf")) env["FONTCONFIG_FILE"] = join(folder, "fonts.conf");
  return env;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
