import { serveDictionary } from './dictionary.js';

serveDictionary({ enableJsonResponse: false });
