/**
 * Health and metrics over HTTP, on a thread of its own, so that they answer when the proxy is busy and when the database
 * is gone. Reads what the other packages count; decides nothing for them.
 */
@NullMarked
package io.pgweir.proxy.http;

import org.jspecify.annotations.NullMarked;
