/**
 * What the tests stand on: a real PostgreSQL, a raw-socket client and a fake server with an encoder of their own (so that
 * they can judge the product's), and a TCP proxy that misbehaves on request.
 */
@NullMarked
package io.pgweir.proxy.testkit;

import org.jspecify.annotations.NullMarked;
