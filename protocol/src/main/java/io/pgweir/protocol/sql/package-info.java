/**
 * What a proxy has to know about SQL text, and no more: where a statement ends, what kind it is, and the exact reading
 * of the few statements the proxy answers by itself. A scanner over raw bytes, not a parser.
 */
@NullMarked
package io.pgweir.protocol.sql;

import org.jspecify.annotations.NullMarked;
