// A real provider of OpenID Connect for the tests: http on loopback, accounts out of a table, nobody is asked anything.
// Whoever signs in is the request's `login_hint`. Everything comes from the environment, as JSON.
import Provider from "oidc-provider";

const { port, keys, clients, accounts, inToken } = JSON.parse(process.env.PROVIDER);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  claims: { openid: ["sub", "amr", "acr"], email: ["email", "email_verified"] },
  conformIdTokenClaims: !inToken,
  cookies: { keys: ["a key of the tests"] },
  features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      accountId: ctx.oidc.session.accountId,
      clientId: ctx.oidc.client.clientId,
    });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const { params } = await provider.interactionDetails(ctx.req, ctx.res);
  const account = accounts[params.login_hint];
  const login = { accountId: params.login_hint, amr: account.amr, acr: account.acr };
  await provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
  ctx.respond = false;
});

provider.listen(port, "127.0.0.1", () => process.stdout.write("ready\n"));
