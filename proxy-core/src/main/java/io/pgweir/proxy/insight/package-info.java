/** Who holds the backends, doing what, and why others wait: accounts, diagnoses, incidents. Knows no sockets. */
@NullMarked
package io.pgweir.proxy.insight;

import org.jspecify.annotations.NullMarked;
