/** Who clients are: what their proofs are held against, where that is looked up, and how many of them may be here. */
@NullMarked
package io.pgweir.proxy.auth;

import org.jspecify.annotations.NullMarked;
