const { isInitializeRequest } = require('@modelcontextprotocol/sdk/types.js');
const { z } = require('zod');

const parcel = z.object({ grams: z.number().max(31_500), country: z.string().length(2) });

exports.accepts = (grams) =>
  !isInitializeRequest(grams) && parcel.safeParse({ grams, country: 'FR' }).success;
