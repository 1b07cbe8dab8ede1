'use strict';
// A headless Chromium, driven over its DevTools protocol through a pipe; no package is needed for that.

const { spawn, spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ANSWER_MILLIS = 20_000;

/** The program to run, or null. */
function findBrowser() {
  const candidates = process.env.CHROMIUM ? [process.env.CHROMIUM] : NAMES;
  return candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) ?? null;
}

class Browser {
  static async start(program) {
    const browser = new Browser();
    browser.profile = mkdtempSync(join(tmpdir(), 'pgweir-browser-'));
    const flags = [
      '--headless=new',
      '--remote-debugging-pipe',
      `--user-data-dir=${browser.profile}`,
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
      '--lang=en-GB',
    ];
    if (process.getuid?.() === 0) {
      flags.push('--no-sandbox'); // it refuses to run as root with one; the only page it sees is ours
    }
    browser.process = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    browser.ended = new Promise((resolve) => browser.process.once('exit', resolve));
    browser.number = 0;
    browser.pending = new Map();
    browser.listeners = [];
    let rest = '';
    browser.process.stdio[4].setEncoding('utf8').on('data', (chunk) => {
      const parts = (rest + chunk).split('\0');
      rest = parts.pop();
      parts.forEach((part) => browser.received(JSON.parse(part)));
    });
    browser.process.once('error', (error) => browser.fail(error));
    browser.process.once('exit', (code) => browser.fail(new Error(`the browser has ended with ${code}`)));
    return browser;
  }

  fail(error) {
    this.pending.forEach(({ reject }) => reject(error));
    this.pending.clear();
  }

  received(message) {
    const waiting = this.pending.get(message.id);
    if (waiting) {
      this.pending.delete(message.id);
      if (message.error) {
        waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
      } else {
        waiting.resolve(message.result);
      }
    } else {
      this.listeners.forEach((listener) => listener(message));
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.number;
    const answer = new Promise((resolve, reject) => {
      this.pending.set(id, { method, resolve, reject });
      const late = () => reject(new Error(`${method}: no answer`));
      setTimeout(late, ANSWER_MILLIS).unref();
    });
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answer;
  }

  async open() {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    return new Page(this, sessionId);
  }

  async close() {
    await this.send('Browser.close').catch(() => this.process.kill());
    const late = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(late);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** One page; remembers what it has asked for and what went wrong in it. */
class Page {
  constructor(browser, sessionId) {
    this.browser = browser;
    this.sessionId = sessionId;
    this.requests = [];
    this.errors = [];
    /** Path to a function from the real answer's text to the one that the page gets. */
    this.changed = new Map();
    browser.listeners.push((message) => message.sessionId === sessionId && this.noticed(message.method, message.params));
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  noticed(method, params) {
    switch (method) {
      case 'Network.requestWillBeSent':
        this.requests.push(params.request.url);
        break;
      case 'Runtime.exceptionThrown':
        this.errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
        break;
      case 'Runtime.consoleAPICalled':
        if (['error', 'warning', 'assert'].includes(params.type)) {
          this.errors.push(params.args.map((arg) => arg.value ?? arg.description).join(' '));
        }
        break;
      case 'Log.entryAdded':
        if (['error', 'warning'].includes(params.entry.level)) {
          this.errors.push(`${params.entry.text} ${params.entry.url ?? ''}`);
        }
        break;
      case 'Page.javascriptDialogOpening':
        this.errors.push(`a dialog: ${params.message}`);
        this.send('Page.handleJavaScriptDialog', { accept: false }).catch(() => {});
        break;
      case 'Fetch.requestPaused':
        // A page that is loaded anew has given up what it had asked for.
        this.answer(params).catch((error) => /Invalid InterceptionId/.test(error) || this.errors.push(String(error)));
        break;
      default:
    }
  }

  async answer({ requestId, request }) {
    const body = this.changed.get(new URL(request.url).pathname);
    await this.send('Fetch.fulfillRequest', {
      requestId,
      responseCode: 200,
      responseHeaders: [{ name: 'Content-Type', value: 'application/json' }],
      body: Buffer.from(body).toString('base64'),
    });
  }

  /** From now on the page gets these texts for these paths. */
  async pretend(answers) {
    this.changed = new Map(Object.entries(answers));
    const patterns = [...this.changed.keys()].map((path) => ({ urlPattern: `*${path}` }));
    await this.send(patterns.length ? 'Fetch.enable' : 'Fetch.disable', patterns.length ? { patterns } : {});
  }

  async goTo(url) {
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) {
      await this.send(`${domain}.enable`);
    }
    await this.send('Page.navigate', { url });
  }

  async size(width, height, mobile = false, scale = 1) {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile });
  }

  async scheme(value) {
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  async offline(offline) {
    await this.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  }

  /** The value of an expression in the page. */
  async value(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) {
      throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    }
    return result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression, millis = 15_000) {
    const end = Date.now() + millis;
    while (!(await this.value(expression))) {
      if (Date.now() > end) {
        throw new Error(`not within ${millis} ms: ${expression}\n${await this.value('document.body.innerText')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async screenshot(file, whole = false) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole });
    writeFileSync(file, Buffer.from(data, 'base64'));
  }
}

module.exports = { Browser, findBrowser };
