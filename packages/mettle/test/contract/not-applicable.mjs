/* Scenarios of the conformance suite that ask for what `mettle mcp` does not have, and says so in its capabilities. */
const FIXTURE = 'calls a tool of the suite’s own (test_…), which no other server has';
const NO_RESOURCES = 'resources: not among its capabilities; the pages of findings come from explain_finding';
const NO_PROMPTS = 'prompts: not among its capabilities';
const of = (why, ...scenarios) => Object.fromEntries(scenarios.map((scenario) => [scenario, why]));

export const NOT_APPLICABLE = {
  ...of(
    FIXTURE,
    'tools-call-simple-text',
    'tools-call-image',
    'tools-call-audio',
    'tools-call-embedded-resource',
    'tools-call-mixed-content',
    'tools-call-with-logging',
    'tools-call-error',
    'tools-call-with-progress',
    'tools-call-sampling',
    'tools-call-elicitation',
    'elicitation-sep1034-defaults',
    'elicitation-sep1330-enums',
  ),
  ...of(
    NO_RESOURCES,
    'resources-list',
    'resources-read-text',
    'resources-read-binary',
    'resources-templates-read',
    'resources-subscribe',
    'resources-unsubscribe',
  ),
  ...of(
    NO_PROMPTS,
    'prompts-list',
    'prompts-get-simple',
    'prompts-get-with-args',
    'prompts-get-embedded-resource',
    'prompts-get-with-image',
  ),
  'logging-set-level': 'logging: not among its capabilities; progress is told as progress notifications',
  'completion-complete': 'completions: not among its capabilities',
};
