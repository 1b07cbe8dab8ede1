/** Puts the proxy together: start, drain, stop. */
@NullMarked
package io.pgweir.proxy.app;

import org.jspecify.annotations.NullMarked;
