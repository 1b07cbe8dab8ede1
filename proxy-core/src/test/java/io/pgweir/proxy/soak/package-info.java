/** Many clients, few backends, mixed work, and every answer checked. */
@NullMarked
package io.pgweir.proxy.soak;

import org.jspecify.annotations.NullMarked;
