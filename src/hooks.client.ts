import { config } from 'zod';

// Zod would try whether it may compile code; the page's policy forbids that, and browsers write it to the console.
config({ jitless: true });
