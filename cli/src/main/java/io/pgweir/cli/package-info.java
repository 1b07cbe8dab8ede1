/** The command line: arguments in, exit codes and readable text out. No logic of the proxy lives here. */
@NullMarked
package io.pgweir.cli;

import org.jspecify.annotations.NullMarked;
