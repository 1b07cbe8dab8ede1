import { defineConfig } from 'prisma/config';

// `prisma generate` does not connect, but wants to see a URL.
export default defineConfig({
  schema: 'schema.prisma',
  datasource: { url: 'postgresql://localhost/unused' },
});
