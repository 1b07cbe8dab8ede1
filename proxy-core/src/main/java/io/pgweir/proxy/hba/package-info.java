/** Who may come in, from where and by which proof: rules in the form of PostgreSQL's pg_hba.conf. */
@NullMarked
package io.pgweir.proxy.hba;

import org.jspecify.annotations.NullMarked;
