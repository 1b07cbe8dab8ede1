/** What pgweir goes through when a class data archive or an AOT cache is made of it. Nothing of it runs in service. */
@org.jspecify.annotations.NullMarked
package io.pgweir.cli.rehearsal;
