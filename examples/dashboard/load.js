'use strict';
// Clients that cause known figures: each a psql with a name of its own.

const { spawn } = require('node:child_process');

class Client {
  constructor(url, application, options = '') {
    this.process = spawn('psql', [url, '-X', '-q', '-At', '-v', 'VERBOSITY=verbose'], {
      env: { ...process.env, PGAPPNAME: application, PGOPTIONS: options },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.output = '';
    this.process.stdout.setEncoding('utf8').on('data', (text) => (this.output += text));
    this.process.stderr.setEncoding('utf8').on('data', (text) => (this.output += text));
    this.ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.stdin.on('error', () => {}); // it has been ended
  }

  /** Sends statements, and does not wait for their answers. */
  send(sql) {
    this.process.stdin.write(`${sql}\n`);
    return this;
  }

  /** Waits until something is in the output. */
  async says(text) {
    const end = Date.now() + 15_000;
    while (!this.output.includes(text)) {
      if (Date.now() > end || this.process.exitCode !== null) {
        throw new Error(`psql has not said "${text}" but: ${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this;
  }

  /** Sends the end of the input, and waits for its own. */
  async finish() {
    this.process.stdin.end();
    await this.ended;
    return this.output;
  }

  async kill() {
    this.process.kill();
    await this.ended;
  }
}

module.exports = { Client };
