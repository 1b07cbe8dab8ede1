/** Real client libraries and tools through the proxy. */
@NullMarked
package io.pgweir.proxy.drivers;

import org.jspecify.annotations.NullMarked;
