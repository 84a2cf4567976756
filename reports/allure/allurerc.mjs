// Allure's page: one file, our verdicts as categories. Nothing is kept between runs here: history is the bundles.
export default {
  name: "Switchyard",
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportLanguage: "en",
        // Layer, phase, claim. A test that lets several claims judge stands below each; the totals count it once.
        groupBy: ["epic", "feature", "story"],
      },
    },
  },
  categories: [
    { name: "Disproved: the evidence shows the opposite", matchers: { statuses: ["failed"] } },
    { name: "Inconclusive: the evidence cannot tell", matchers: { statuses: ["broken"] } },
    { name: "Blocked: a proof before it failed", matchers: { statuses: ["skipped"], message: /blocked by/ } },
  ],
};
