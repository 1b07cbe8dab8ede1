export { PrismaPg } from '@prisma/adapter-pg';
export { PrismaClient } from './generated/index.js';
