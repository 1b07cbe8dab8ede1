'use strict';
// Takes the pictures of docs/: a demo with its workload must run, with a client or two that misbehave.
//
//   node screenshots.js http://127.0.0.1:6433/ ../../docs

const { join } = require('node:path');
const { Browser, findBrowser } = require('./browser');

async function main(url, directory) {
  const browser = await Browser.start(findBrowser());
  try {
    for (const [name, scheme, width, height, mobile] of [
      ['dashboard', 'light', 1160, 1130, false],
      ['dashboard-phone', 'dark', 390, 1180, true],
    ]) {
      const page = await browser.open();
      await page.size(width, height, mobile, 1);
      await page.scheme(scheme);
      await page.goTo(url);
      await page.until(`document.getElementById('contact')?.textContent === 'Live'`);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await page.screenshot(join(directory, `${name}.png`));
    }
  } finally {
    await browser.close();
  }
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
